//! Nothing: a package needs a target beside its benchmark.
