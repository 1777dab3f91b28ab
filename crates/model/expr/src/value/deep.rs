//! A wrapper that drops its content without deep recursion.
//!
//! Separate because a list nested a million levels deep would otherwise end the process: each level
//! of a recursive drop takes a piece of the stack. Past a small depth the content is put aside and
//! dropped by the outermost level.

use std::any::Any;
use std::cell::{Cell, RefCell};

const INLINE_DEPTH: u32 = 40;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static ASIDE: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Content whose drop is bounded in depth.
#[derive(Default)]
pub struct Deep<T: Default + 'static>(pub T);

impl<T: Default + 'static> Drop for Deep<T> {
    fn drop(&mut self) {
        let content = std::mem::take(&mut self.0);
        // When the thread is ending its locals are gone; a plain drop is all that is left.
        let depth = DEPTH.try_with(Cell::get).unwrap_or(0);
        if depth >= INLINE_DEPTH {
            let mut content = Some(content);
            let _ = ASIDE.try_with(|aside| {
                if let (Ok(mut aside), Some(content)) = (aside.try_borrow_mut(), content.take()) {
                    aside.push(Box::new(content));
                }
            });
            return;
        }
        let _ = DEPTH.try_with(|cell| cell.set(depth + 1));
        drop(content);
        if depth == 0 {
            while let Ok(Some(next)) = ASIDE.try_with(|aside| aside.borrow_mut().pop()) {
                drop(next);
            }
        }
        let _ = DEPTH.try_with(|cell| cell.set(depth));
    }
}
