//! Who may do what: tenants and namespaces, people, keys, sessions, roles.
//!
//! A caller shows a secret; its SHA-256 leads to a credential, and that to a
//! [`Principal`]: the grants of its owner by membership and binding, narrowed by what the
//! credential is bound to. Principals are kept in memory for a short time, so that a warm call
//! pays one hash and one look-up. Every change here takes all of them out of memory.

mod authenticate;
mod cache;
mod fetch;
mod keys;
mod limit;
mod oidc;
mod pairs;
mod password;
mod roles;
mod secret;
mod sessions;
mod settings;
pub mod sigv4;
mod tenants;
mod tokens;
mod used;
mod users;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nova_domain::{Clock, Code, Fault, FaultResult};
use nova_kit::ids::Ids;
use nova_store::{Store, System};
use tokio_util::sync::CancellationToken;

pub use jsonwebtoken::Algorithm;
pub use keys::{KeyOwner, MadeKey, NewKey, RoleGrant};
pub use limit::Attempt;
pub use oidc::{Provider, Returned, Secret as ClientSecret, SignInSettings, Started};
pub use pairs::Signer;
pub(crate) use pairs::pair_place;
pub use sessions::{Begun, SignIn};
pub use settings::AccessSettings;
pub use tokens::{IssuerSettings, KeySource, Mapping};
pub use users::{Accepting, Invited};

use cache::Principals;
use limit::Attempts;
use used::Used;

use crate::vault::Vault;

/// Who may do what. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    system: System,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    settings: AccessSettings,
    principals: Principals,
    used: Used,
    attempts: Attempts,
    vault: OnceLock<Vault>,
    issuers: OnceLock<tokens::Issuers>,
}

impl Access {
    /// The service over its parts.
    pub fn new(
        store: Store,
        system: System,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        settings: AccessSettings,
    ) -> Self {
        let principals = Principals::new(&settings);
        let attempts = Attempts::new(&settings);
        let used = Used::default();
        let (vault, issuers) = (OnceLock::new(), OnceLock::new());
        Self {
            inner: Arc::new(Inner {
                store,
                system,
                clock,
                ids,
                settings,
                principals,
                used,
                attempts,
                vault,
                issuers,
            }),
        }
    }

    /// Writes down when credentials were used, and deletes those that ended, until `stop` fires.
    pub async fn run(&self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(30));
        let mut rounds = 0u64;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => {}
            }
            self.flush().await;
            if rounds.is_multiple_of(20) {
                self.prune().await;
            }
            rounds += 1;
        }
        self.flush().await;
    }

    /// Writes down when credentials were used since the last time.
    pub async fn flush(&self) {
        let used = self.inner.used.take();
        if used.is_empty() {
            return;
        }
        if let Err(fault) = self.inner.store.credentials().touch(&self.inner.system, &used).await {
            tracing::warn!(error = %fault.log_line(), "the last use of credentials could not be written down");
        }
    }

    async fn prune(&self) {
        let now = self.inner.clock.now();
        // Keys that ended stay in sight for a month, so that people see why something stopped.
        let month = now.plus_micros(-30 * 24 * 3600 * 1_000_000);
        match self.inner.store.credentials().prune(&self.inner.system, now, month).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(credentials = gone, "credentials that ended were removed"),
            Err(fault) => {
                tracing::warn!(error = %fault.log_line(), "credentials that ended could not be removed")
            }
        }
    }
}

/// Longest description of anything here, bytes.
const DESCRIPTION_MAX: usize = 2048;
/// Longest name that is shown to people only, bytes.
const LABEL_MAX: usize = 128;

fn check_text(field: &str, text: &str, max: usize) -> FaultResult<()> {
    if text.len() > max || text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        let rule = format!("at most {max} bytes, and no control characters");
        return Err(Fault::invalid(format!("`{field}` is not valid: {rule}")).with_field(field, rule));
    }
    Ok(())
}

fn refuse_more_than_own() -> Fault {
    Fault::new(Code::PermissionDenied, "this would allow more than you may do yourself")
}
