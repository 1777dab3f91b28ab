//! Outposts, their accounts and what they are told.
