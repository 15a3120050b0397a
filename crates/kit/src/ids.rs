//! New ids: ULID text, so that they sort by time and index inserts stay local.

use std::sync::{Mutex, PoisonError};

use nova_domain::{FunctionId, RunId};
use ulid::Generator;

/// Makes ids; within one process they grow strictly.
#[derive(Default)]
pub struct Ids(Mutex<Generator>);

impl Ids {
    /// A generator with its own state.
    pub fn new() -> Self {
        Self::default()
    }

    fn next(&self) -> String {
        let mut generator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Overflow needs 2^80 ids in one millisecond; a random one is as good then.
        generator.generate().unwrap_or_else(|_| ulid::Ulid::generate()).to_string()
    }

    /// A new run (and request) id.
    pub fn run(&self) -> RunId {
        RunId::new(self.next()).expect("a ULID is a valid id")
    }

    /// A new function id.
    pub fn function(&self) -> FunctionId {
        FunctionId::new(self.next()).expect("a ULID is a valid id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_within_a_process() {
        let ids = Ids::new();
        let made: Vec<_> = (0..1000).map(|_| ids.run()).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
