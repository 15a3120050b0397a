//! The connection to the keeper: requests and replies by id, exits as they come, and a
//! new connection when the keeper was restarted.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nova_keeper::client::{Connection, Greeting};
use nova_keeper::protocol::{Event, FromKeeper, ReplyBody, Request, RequestBody, StockSpec};
use tokio::io::unix::AsyncFd;
use tokio::sync::{oneshot, watch};

use crate::backend::{BackendError, Exit, SandboxUsage};

/// How long one request may take; making a sandbox from scratch takes milliseconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Exits remembered of sandboxes that nobody asked for yet.
const EXITS_MAX: usize = 4096;

/// Settings of a [`KeeperLink`].
pub struct LinkSettings {
    /// The keeper's socket.
    pub socket: PathBuf,
    /// Starts a keeper again, where this process may do so.
    pub respawn: Option<Box<dyn Fn() -> io::Result<()> + Send + Sync>>,
}

type Answer = (ReplyBody, Vec<OwnedFd>);

/// A connection to the keeper that is kept.
pub struct KeeperLink {
    settings: LinkSettings,
    state: Mutex<State>,
    ids: AtomicU64,
    closing: AtomicBool,
}

#[derive(Default)]
struct State {
    connection: Option<Arc<AsyncFd<Connection>>>,
    pending: HashMap<u64, oneshot::Sender<Answer>>,
    exits: HashMap<u64, watch::Sender<Option<Exit>>>,
    stock: Vec<StockSpec>,
}

fn register(connection: Connection) -> io::Result<AsyncFd<Connection>> {
    // SAFETY: a Connection owns its one descriptor until it is dropped and never changes it.
    unsafe { AsyncFd::register(connection) }.map_err(io::Error::from)
}

impl KeeperLink {
    /// Connects. Must be called within a tokio runtime; a task keeps the connection.
    pub fn open(settings: LinkSettings) -> io::Result<(Arc<Self>, Greeting)> {
        let (connection, greeting) = Connection::open(&settings.socket)?;
        connection.set_nonblocking()?;
        let connection = Arc::new(register(connection)?);
        let state = State { connection: Some(connection.clone()), ..State::default() };
        let link = Arc::new(Self {
            settings,
            state: Mutex::new(state),
            ids: AtomicU64::new(1),
            closing: AtomicBool::new(false),
        });
        tokio::spawn(link.clone().keep(connection));
        Ok((link, greeting))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn call(&self, body: RequestBody) -> Result<Answer, BackendError> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        let connection = {
            let mut state = self.state();
            let connection = state.connection.clone().ok_or(BackendError::Unavailable)?;
            state.pending.insert(id, sender);
            connection
        };
        let sent = self.send(&connection, &Request { id, body }).await;
        let answer = match sent {
            Ok(()) => match tokio::time::timeout(REQUEST_TIMEOUT, receiver).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(_)) => Err(BackendError::Unavailable),
                Err(_) => Err(BackendError::Refused("it did not answer in time".to_owned())),
            },
            Err(error) => Err(BackendError::Channel(error)),
        };
        self.state().pending.remove(&id);
        answer
    }

    async fn send(&self, connection: &AsyncFd<Connection>, request: &Request) -> io::Result<()> {
        loop {
            match connection.get_ref().send(request) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    connection.writable().await?.clear_ready();
                }
                other => return other,
            }
        }
    }

    /// Sends a request whose answer nobody needs; if the keeper cannot take it now, a task waits.
    pub(super) fn send_and_forget(self: &Arc<Self>, body: RequestBody) {
        let Some(connection) = self.state().connection.clone() else { return };
        let request = Request { id: self.ids.fetch_add(1, Ordering::Relaxed), body };
        if connection.get_ref().send(&request).is_err() && tokio::runtime::Handle::try_current().is_ok() {
            let link = self.clone();
            tokio::spawn(async move {
                let _ = tokio::time::timeout(REQUEST_TIMEOUT, link.send(&connection, &request)).await;
            });
        }
    }

    /// How a sandbox ends; it may have ended already.
    pub(super) fn exit_of(&self, sandbox: u64) -> watch::Receiver<Option<Exit>> {
        self.state().exits.entry(sandbox).or_insert_with(|| watch::channel(None).0).subscribe()
    }

    pub(super) async fn set_stock(&self, stock: Vec<StockSpec>) -> Result<(), BackendError> {
        self.state().stock.clone_from(&stock);
        match self.call(RequestBody::Stock { stock }).await? {
            (ReplyBody::Done, _) => Ok(()),
            (other, _) => Err(super::unexpected(&other)),
        }
    }

    pub(super) fn stop_reconnecting(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    async fn keep(self: Arc<Self>, mut connection: Arc<AsyncFd<Connection>>) {
        loop {
            let error = self.receive(&connection).await;
            drop(connection);
            self.forget_connection();
            if self.closing.load(Ordering::Relaxed) {
                return;
            }
            tracing::error!(error = ?error, "lost the keeper; its sandboxes are gone");
            metrics::counter!("nova_keeper_lost_total").increment(1);
            let Some(next) = self.reconnect().await else { return };
            connection = next;
        }
    }

    /// Receives until the connection ends.
    async fn receive(&self, connection: &AsyncFd<Connection>) -> io::Result<()> {
        loop {
            match connection.get_ref().receive() {
                Ok(Some((FromKeeper::Reply(reply), fds))) => {
                    if let Some(waiting) = self.state().pending.remove(&reply.id) {
                        let _ = waiting.send((reply.body, fds));
                    }
                }
                Ok(Some((FromKeeper::Event(Event::Exited { sandbox, setup_error, usage }), _))) => {
                    let usage = SandboxUsage { oom_kills: usage.oom_kills, memory_peak: usage.memory_peak };
                    self.on_exit(sandbox, Exit { setup_error, usage });
                }
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    connection.readable().await?.clear_ready();
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn on_exit(&self, sandbox: u64, exit: Exit) {
        let mut state = self.state();
        match state.exits.remove(&sandbox) {
            Some(sender) => drop(sender.send_replace(Some(exit))),
            // It ended before its launch was read here; the launch will ask.
            None if state.exits.len() < EXITS_MAX => {
                state.exits.insert(sandbox, watch::channel(Some(exit)).0);
            }
            None => {}
        }
    }

    fn forget_connection(&self) {
        let mut state = self.state();
        state.connection = None;
        state.pending.clear();
        for (_, sender) in state.exits.drain() {
            let usage = SandboxUsage::default();
            sender.send_replace(Some(Exit { setup_error: None, usage }));
        }
    }

    async fn reconnect(&self) -> Option<Arc<AsyncFd<Connection>>> {
        let mut wait = Duration::from_millis(50);
        loop {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
            if self.closing.load(Ordering::Relaxed) {
                return None;
            }
            let opened = Connection::open(&self.settings.socket).and_then(|(connection, _)| {
                connection.set_nonblocking()?;
                register(connection)
            });
            match opened {
                Ok(connection) => {
                    let connection = Arc::new(connection);
                    let stock = {
                        let mut state = self.state();
                        state.connection = Some(connection.clone());
                        state.stock.clone()
                    };
                    let request = Request { id: 0, body: RequestBody::Stock { stock } };
                    if let Err(error) = self.send(&connection, &request).await {
                        tracing::warn!(%error, "the new keeper does not take its plan of stock");
                    }
                    tracing::info!("connected to the keeper again");
                    return Some(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "the keeper is not there");
                    if let Some(respawn) = &self.settings.respawn
                        && let Err(error) = respawn()
                    {
                        tracing::error!(%error, "the keeper could not be started");
                    }
                }
            }
        }
    }
}
