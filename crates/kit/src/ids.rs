//! New ids: ULID text, so that they sort by time and index inserts stay local.

use std::sync::{Mutex, PoisonError};

use nova_domain::{BindingId, CredentialId, FunctionId, JobId, RunId, ServiceId, UserId};
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

    /// A new job id.
    pub fn job(&self) -> JobId {
        JobId::new(self.next()).expect("a ULID is a valid id")
    }

    /// A new function id.
    pub fn function(&self) -> FunctionId {
        FunctionId::new(self.next()).expect("a ULID is a valid id")
    }

    /// A new user id.
    pub fn user(&self) -> UserId {
        UserId::new(self.next()).expect("a ULID is a valid id")
    }

    /// A new id of a service account.
    pub fn service(&self) -> ServiceId {
        ServiceId::new(self.next()).expect("a ULID is a valid id")
    }

    /// A new id of a key, session or invitation.
    pub fn credential(&self) -> CredentialId {
        CredentialId::new(self.next()).expect("a ULID is a valid id")
    }

    /// A new id of a binding.
    pub fn binding(&self) -> BindingId {
        BindingId::new(self.next()).expect("a ULID is a valid id")
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
