//! Handles of values that live outside the engine. Owns their lifetimes; never sees a value.
//!
//! A handle is handed in once (`Values::adopt`), shared by reference counting, and reported in `Values::take_released` when
//! the last reference is gone, so the host can free its slot.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// A shared handle of one value of the host.
#[derive(Clone)]
pub struct Value(Rc<Slot>);

struct Slot {
    handle: u32,
    bytes: u32,
    released: Rc<RefCell<Vec<u32>>>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.released.borrow_mut().push(self.handle);
    }
}

impl Value {
    /// The host's number for it.
    pub fn handle(&self) -> u32 {
        self.0.handle
    }

    /// Its approximate size in bytes, as the host gave it.
    pub fn bytes(&self) -> u32 {
        self.0.bytes
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0.handle)
    }
}

/// The handles of one run.
#[derive(Default)]
pub struct Values {
    released: Rc<RefCell<Vec<u32>>>,
}

impl Values {
    /// Takes over a handle that the host made; `bytes` is the approximate size of its value.
    pub fn adopt(&self, handle: u32, bytes: u32) -> Value {
        Value(Rc::new(Slot { handle, bytes, released: Rc::clone(&self.released) }))
    }

    /// Gives back a handle that nothing has to refer to.
    pub fn release(&self, handle: u32) {
        self.released.borrow_mut().push(handle);
    }

    /// How many handles `take_released` would yield.
    pub fn released_count(&self) -> usize {
        self.released.borrow().len()
    }

    /// Hands over, and forgets, the handles that nobody needs any more.
    pub fn take_released(&self, mut each: impl FnMut(u32)) {
        let mut released = self.released.borrow_mut();
        for handle in released.iter() {
            each(*handle);
        }
        released.clear();
    }
}
