//! Secrets: sealed values, and which functions may have them.
//!
//! A value enters here, is sealed, and leaves only through [`nova_domain::ports::Secrets`] into
//! a sandbox that starts. No method returns one.

mod change;
mod create;
mod read;
mod remove;
mod reveal;
mod rotate;
mod sign;

use std::sync::Arc;

use nova_domain::secret::{Secret, SecretValue};
use nova_domain::{Code, Fault, FaultResult, Scope};
use nova_kit::seal::KeyStore;
use nova_store::repo::{SealedValue, StoredSecret};
use nova_store::{Store, System};

use crate::functions::Functions;
use crate::vault::Vault;

pub use change::SecretChange;
pub use create::NewSecret;
pub use rotate::Rotated;

/// Creates, shows, changes and deletes secrets. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    inner: Arc<Inner>,
}

struct Inner {
    functions: Functions,
    vault: Vault,
    system: System,
}

impl Secrets {
    /// The service over the same parts as `functions`, with the keys that seal.
    pub fn new(functions: Functions, keys: KeyStore, system: System) -> Self {
        Self { inner: Arc::new(Inner { functions, vault: Vault::new(keys), system }) }
    }

    /// The keys that seal, for other parts that must keep something readable.
    pub fn vault(&self) -> Vault {
        self.inner.vault.clone()
    }

    fn store(&self) -> &Store {
        &self.inner.functions.inner.store
    }

    fn now(&self) -> nova_domain::Timestamp {
        self.inner.functions.inner.clock.now()
    }

    fn seal(&self, secret: &Secret, value: &SecretValue) -> FaultResult<SealedValue> {
        self.inner.vault.seal(&place(secret), value.expose().as_bytes())
    }

    fn open(&self, stored: &StoredSecret) -> FaultResult<SecretValue> {
        let opened = self.inner.vault.open(&place(&stored.secret), &stored.value.bytes);
        let bytes = opened.map_err(|error| unreadable(&stored.secret, error))?;
        let text = std::str::from_utf8(&bytes).map_err(|error| unreadable(&stored.secret, error))?;
        SecretValue::new(text.to_owned())
    }

    /// Makes every kept snapshot of the namespace unknown: the next call sees the secret as it is
    /// now, and gets a sandbox that has it.
    fn changed(&self, scope: &Scope) {
        self.inner.functions.inner.snapshots.forget_scope(scope);
    }
}

/// What a sealed value is bound to. The version is part of it, so that an old value of the same
/// secret cannot be put back.
fn place(secret: &Secret) -> String {
    format!(
        "nova secret\n{}\n{}\n{}\n{}",
        secret.scope.tenant, secret.scope.namespace, secret.name, secret.version
    )
}

fn unreadable(secret: &Secret, error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new(
        Code::Unavailable,
        format!(
            "the secret `{}` cannot be read with this server's master keys; whoever runs the server finds the \
             reason in its log, or set its value again",
            secret.name
        ),
    )
    .with_source(error)
}
