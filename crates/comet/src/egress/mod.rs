//! The way out of sandboxes, seen from the host: every name and every connection that code
//! inside asks for is decided, made and counted here. The agent inside is not trusted: it
//! passes on wishes, and the sockets of those who wish.
//!
//! ```text
//! user code -- TCP in its own network --> agent -- socket, packet --> session > judge > connect > stream
//! ```

mod account;
mod address;
mod judge;
mod resolve;
mod session;
mod stream;

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use nova_domain::FunctionId;
use nova_domain::network::{IpNetwork, NetworkPolicy};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

use account::Account;
pub use resolve::{Resolve, SystemResolver};

/// Accounts of functions that have no sandbox any more are dropped above this many. So many
/// functions have labels of their own in metrics, too; later ones share `_other`.
const ACCOUNTS_MAX: usize = 1000;

/// Limits of what sandboxes may do on the network, and what the host knows of itself.
#[derive(Debug, Clone)]
pub struct EgressSettings {
    /// Connections at once of one sandbox.
    pub connections_per_sandbox: usize,
    /// Connections at once of all sandboxes.
    pub connections: usize,
    /// New connections of one function in a second; twice as many may come at once.
    pub connects_per_second: u32,
    /// Bytes of one function in an hour, both ways; 0: no limit.
    pub bytes_per_hour: u64,
    pub connect_timeout: Duration,
    /// Addresses that no rule of a function can open.
    pub never: Vec<IpNetwork>,
    /// Ports on which this server listens.
    pub own_ports: Vec<u16>,
    /// Finds the addresses of names.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self {
            connections_per_sandbox: 128,
            connections: 4096,
            connects_per_second: 100,
            bytes_per_hour: 0,
            connect_timeout: Duration::from_secs(10),
            never: Vec::new(),
            own_ports: Vec::new(),
            resolver: Arc::new(SystemResolver::default()),
        }
    }
}

/// Whose connections they are.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) function: FunctionId,
    /// As users know it, with its scope; the label in metrics.
    pub(crate) label: String,
    /// What to do so that a refused target is allowed; `{}` stands for the rule.
    pub(crate) advice: String,
}

/// The network of all sandboxes of this node.
pub(crate) struct Egress {
    settings: EgressSettings,
    /// A thread of its own, from the first sandbox with a network on: calls must not wait
    /// while bytes are moved.
    runtime: OnceLock<Runtime>,
    /// Places for connections, over all sandboxes.
    places: Arc<Semaphore>,
    accounts: Mutex<HashMap<FunctionId, Arc<Account>>>,
}

/// A sandbox's way out; it is shut when this is dropped.
pub(crate) struct Session {
    _end: DropGuard,
}

impl Egress {
    pub(crate) fn new(settings: EgressSettings) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(settings.connections));
        Arc::new(Self { settings, runtime: OnceLock::new(), places, accounts: Mutex::default() })
    }

    fn handle(&self) -> std::io::Result<Handle> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime.handle().clone());
        }
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("nova-egress").enable_all().build()?;
        // Another attempt may have been faster; its thread is the one then.
        if let Err(second) = self.runtime.set(runtime) {
            second.shutdown_background();
        }
        self.runtime
            .get()
            .map(|runtime| runtime.handle().clone())
            .ok_or_else(|| std::io::Error::other("no thread"))
    }

    /// Serves what comes over `link` under `policy`, until the sandbox or the session ends.
    pub(crate) fn attach(
        self: &Arc<Self>,
        link: OwnedFd,
        policy: NetworkPolicy,
        owner: Owner,
    ) -> std::io::Result<Session> {
        let end = CancellationToken::new();
        let account = self.account(&owner);
        let handle = self.handle()?;
        let wish = session::Wish { link, policy, owner, account };
        handle.spawn(session::run(self.clone(), wish, end.clone()));
        Ok(Session { _end: end.drop_guard() })
    }

    fn account(&self, owner: &Owner) -> Arc<Account> {
        // The map is consistent between any two statements under this lock.
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.len() >= ACCOUNTS_MAX {
            accounts.retain(|_, account| Arc::strong_count(account) > 1);
        }
        let label = if accounts.len() < ACCOUNTS_MAX { &owner.label } else { "_other" };
        accounts
            .entry(owner.function.clone())
            .or_insert_with(|| Arc::new(Account::new(label, &self.settings)))
            .clone()
    }
}

impl Drop for Egress {
    fn drop(&mut self) {
        // Waiting for the thread is not allowed where this may be dropped, and not needed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
