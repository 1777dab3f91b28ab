//! The budgets of one evaluation.

/// How much an evaluation may use.
pub struct Limits {
    /// Instructions and comparable pieces of native work.
    pub steps: u64,
    /// Bytes allocated over the whole evaluation.
    pub memory: u64,
    /// Functions of the expression calling each other.
    pub call_depth: usize,
    /// Asked every few thousand steps; `true` ends the evaluation.
    pub expired: Option<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 5_000_000, memory: 256 << 20, call_depth: 200, expired: None }
    }
}
