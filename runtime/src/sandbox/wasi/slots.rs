//! Numbered places for what a guest holds handles on.

use wasmtime::component::Resource;

/// A guest's handle is the number of a slot; wasmtime sees to it that a guest can only use handles it was
/// given, of the right type, and limits how many it holds.
pub(in crate::sandbox) struct Slots<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slots<T> {
    /// The new slot's handle, of the bindings' type `R`.
    pub(super) fn put<R: 'static>(&mut self, value: T) -> Resource<R> {
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[number as usize] = Some(value);
                number
            }
            None => {
                self.slots.push(Some(value));
                u32::try_from(self.slots.len() - 1).expect("wasmtime allows fewer handles")
            }
        };
        Resource::new_own(number)
    }

    pub(super) fn get<R: 'static>(&self, handle: &Resource<R>) -> &T {
        self.slots[handle.rep() as usize]
            .as_ref()
            .expect("a guest's handle names a slot in use")
    }

    pub(super) fn get_mut<R: 'static>(&mut self, handle: &Resource<R>) -> &mut T {
        self.slots[handle.rep() as usize]
            .as_mut()
            .expect("a guest's handle names a slot in use")
    }

    pub(super) fn take<R: 'static>(&mut self, handle: &Resource<R>) -> T {
        let value = self.slots[handle.rep() as usize]
            .take()
            .expect("a guest's handle names a slot in use");
        self.free.push(handle.rep());
        value
    }
}
