//! Natives that call back, and what happens when a callback has to wait.
//!
//! Each callback of a native (a function called, an iterator advanced) is an operation; its answer
//! is noted. When one must wait for a load, its frames are put aside, the native is abandoned, and
//! after the load the instruction runs again: the native receives the noted answers in order, and
//! the operation that was interrupted continues from its frames.

use std::sync::Arc;

use super::Vm;
use super::frame::Frame;
use crate::flow::{Flow, R, recursion_error};
use crate::value::{Exc, Value};

/// How deep natives may call back into natives.
const MAX_NEST: usize = 32;

/// The operations of the native that runs at one depth.
#[derive(Default)]
pub(super) struct Level {
    answers: Vec<Result<Option<Value>, Arc<Exc>>>,
    cursor: usize,
    pub(super) saved: Option<Vec<Frame>>,
}

impl Vm {
    /// Performs an operation once, or gives the answer it had before the native was restarted.
    pub(crate) fn operation(&mut self, work: impl FnOnce(&mut Self) -> R<Option<Value>>) -> R<Option<Value>> {
        let nest = self.nest;
        if self.levels.len() <= nest {
            self.levels.resize_with(nest + 1, Level::default);
        }
        let level = &mut self.levels[nest];
        if let Some(answer) = level.answers.get(level.cursor) {
            level.cursor += 1;
            return answer.clone().map_err(Flow::Raise);
        }
        if nest >= MAX_NEST {
            return Err(recursion_error(" while calling a Python object"));
        }
        self.tick(1)?;
        self.charge(size_of::<Value>() * 2)?;
        self.nest = nest + 1;
        let result = work(self);
        self.nest = nest;
        let answer = match &result {
            Ok(value) => Ok(value.clone()),
            Err(Flow::Raise(exc)) => Err(exc.clone()),
            Err(Flow::Load(_) | Flow::Limit(_)) => return result,
        };
        self.levels.truncate(nest + 1);
        if let Some(level) = self.levels.get_mut(nest) {
            level.answers.push(answer);
            level.cursor += 1;
        }
        result
    }

    /// Runs a frame to its end (or next `yield`) inside of an operation.
    pub(super) fn run_nested(&mut self, frame: Frame) -> R<super::exec::Exit> {
        let owner = self.nest.saturating_sub(1);
        let saved = self.levels.get_mut(owner).and_then(|level| level.saved.take());
        let base;
        if let Some(mut frames) = saved {
            drop(frame);
            let top = frames.pop().unwrap_or_else(Frame::idle);
            let outer = std::mem::replace(&mut self.f, top);
            self.callers.push(outer);
            base = self.callers.len();
            self.callers.extend(frames);
        } else {
            let outer = std::mem::replace(&mut self.f, frame);
            self.callers.push(outer);
            base = self.callers.len();
        }
        let result = self.run(base);
        let mut above = self.callers.split_off(base.min(self.callers.len()));
        let outer = self.callers.pop().unwrap_or_else(Frame::idle);
        let top = std::mem::replace(&mut self.f, outer);
        if matches!(result, Err(Flow::Load(_))) {
            above.push(top);
            if let Some(level) = self.levels.get_mut(owner) {
                level.saved = Some(above);
            }
        }
        result
    }

    /// Whether frames wait for this operation to continue.
    pub(super) fn has_saved(&self) -> bool {
        let owner = self.nest.saturating_sub(1);
        self.levels.get(owner).is_some_and(|level| level.saved.is_some())
    }

    /// Makes every native that was abandoned start over with its noted answers.
    pub(super) fn rewind(&mut self) {
        for level in &mut self.levels {
            level.cursor = 0;
        }
    }

    /// Forgets the operations of the instruction that has just ended.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.levels.len() > self.nest {
            self.levels.truncate(self.nest);
        }
    }
}
