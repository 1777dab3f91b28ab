//! Blueprint files as a tree with positions.
