//! One sandbox's wishes: names and connections, as they come over its link.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nova_agent::packet;
use nova_agent::protocol::egress::{GuestRequest, HostReply, PACKET_MAX, Unresolved};
use nova_domain::network::{self, NetworkPolicy};
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::account::{Account, Attempt};
use super::judge::{Target, judge};
use super::stream::{self, Cut};
use super::{Egress, Owner};

/// Addresses that stand for names inside: 127.64.0.1 and those after it.
const FIRST_ADDRESS: u32 = 0x7f40_0001;
/// Names that one sandbox can reach in its life.
const NAMES_MAX: usize = 4096;
/// Look-ups at once of one sandbox.
const LOOKUPS_MAX: usize = 16;
/// How long a looked-up address is used again.
const KEPT: Duration = Duration::from_secs(60);

struct Session {
    egress: Arc<Egress>,
    link: AsyncFd<OwnedFd>,
    policy: NetworkPolicy,
    owner: Owner,
    account: Arc<Account>,
    names: Mutex<Names>,
    lookups: Arc<Semaphore>,
    places: Arc<Semaphore>,
    end: CancellationToken,
}

/// Names this sandbox asked for; the index is the address inside.
#[derive(Default)]
struct Names {
    all: Vec<Name>,
    by_name: HashMap<Arc<str>, usize>,
}

struct Name {
    name: Arc<str>,
    found: Vec<IpAddr>,
    until: Instant,
}

/// A socket that came with a wish, with its places among all connections.
struct Asking {
    inside: TcpStream,
    _places: [OwnedSemaphorePermit; 2],
}

/// What a session begins with.
pub(super) struct Wish {
    pub(super) link: OwnedFd,
    pub(super) policy: NetworkPolicy,
    pub(super) owner: Owner,
    pub(super) account: Arc<Account>,
}

/// Serves one sandbox until it ends, or `end` fires.
pub(super) async fn run(egress: Arc<Egress>, wish: Wish, end: CancellationToken) {
    let Wish { link, policy, owner, account } = wish;
    // SAFETY: an OwnedFd owns its one descriptor until it is dropped and never changes it.
    let registered = rustix::io::ioctl_fionbio(&link, true)
        .map_err(io::Error::from)
        .and_then(|()| unsafe { AsyncFd::register(link) }.map_err(io::Error::from));
    let link = match registered {
        Ok(link) => link,
        Err(error) => {
            return tracing::error!(function = %owner.label, %error, "a sandbox's network could not be served");
        }
    };
    let session = Arc::new(Session {
        link,
        policy,
        owner,
        account,
        names: Mutex::default(),
        lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)),
        places: Arc::new(Semaphore::new(egress.settings.connections_per_sandbox)),
        end: end.clone(),
        egress,
    });
    tokio::select! {
        () = end.cancelled() => {}
        () = session.serve() => {}
    }
    // Connections do not outlive their sandbox.
    end.cancel();
}

impl Session {
    async fn serve(self: &Arc<Self>) {
        let mut buffer = [0u8; PACKET_MAX];
        loop {
            let (size, sockets) = match packet::receive(self.link.get_ref().as_fd(), &mut buffer) {
                Ok(Some(packet)) => packet,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let Ok(mut ready) = self.link.readable().await else { return };
                    ready.clear_ready();
                    continue;
                }
                Ok(None) | Err(_) => return,
            };
            // What is no wish of ours is no reason to go on with this agent.
            let Ok(request) = serde_json::from_slice(&buffer[..size]) else { return };
            match request {
                GuestRequest::Resolve { id, name } => self.on_resolve(id, &name).await,
                GuestRequest::Connect { address, port } => {
                    let Some(socket) = sockets.into_iter().next() else { return };
                    let Ok(inside) = tcp_socket(socket) else { return };
                    self.on_connect(inside, address.into(), port).await;
                }
            }
        }
    }

    fn names(&self) -> std::sync::MutexGuard<'_, Names> {
        // The names are consistent between any two statements under this lock.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn reply(&self, reply: &HostReply) {
        let Ok(body) = serde_json::to_vec(reply) else { return };
        if body.len() > PACKET_MAX {
            return;
        }
        loop {
            match packet::send(self.link.get_ref().as_fd(), &body, &[]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let Ok(mut ready) = self.link.writable().await else { return };
                    ready.clear_ready();
                }
                _ => return,
            }
        }
    }

    async fn note(&self, text: String) {
        tracing::info!(function = %self.owner.label, "{text}");
        self.reply(&HostReply::Note { text }).await;
    }

    /// Tells the function's log what was refused, and the rule that would allow it.
    async fn refuse(&self, what: &str, why: &str, rule: Option<String>) {
        self.account.count(Attempt::Refused);
        let advice = rule.map_or_else(String::new, |rule| {
            format!("; allow it with: {}", self.owner.advice.replace("{}", &rule))
        });
        self.note(format!("network refused {what}: {why}{advice}")).await;
    }

    // ---- names -------------------------------------------------------------

    async fn on_resolve(self: &Arc<Self>, id: u32, name: &str) {
        let name = network::normal_name(name);
        if !network::is_name(&name) {
            return self.reply(&HostReply::Unresolved { id, why: Unresolved::NoSuchName }).await;
        }
        if !self.policy.knows_name(&name) {
            let port =
                if self.policy.ports().len() == 1 { self.policy.ports().first().copied() } else { None };
            let port = port.unwrap_or(443);
            self.refuse(&name, "no rule names it", Some(format!("{name}:{port}"))).await;
            return self.reply(&HostReply::Unresolved { id, why: Unresolved::NoSuchName }).await;
        }
        let Ok(place) = self.lookups.clone().try_acquire_owned() else {
            return self.reply(&HostReply::Unresolved { id, why: Unresolved::Failed }).await;
        };
        let session = self.clone();
        tokio::spawn(async move {
            let end = session.end.clone();
            let answer = async {
                let reply = match session.find(&name).await {
                    Ok(Some((index, _))) => {
                        let address = Ipv4Addr::from_bits(FIRST_ADDRESS + index as u32).octets();
                        HostReply::Resolved { id, address }
                    }
                    Ok(None) => HostReply::Unresolved { id, why: Unresolved::NoSuchName },
                    Err(why) => {
                        session.note(format!("network: {name} could not be looked up: {why}")).await;
                        HostReply::Unresolved { id, why: Unresolved::Failed }
                    }
                };
                session.reply(&reply).await;
            };
            tokio::select! {
                () = end.cancelled() => {}
                () = answer => {}
            }
            drop(place);
        });
    }

    /// The name's number and addresses, looked up if that was not done just now.
    async fn find(&self, name: &str) -> Result<Option<(usize, Vec<IpAddr>)>, String> {
        {
            let names = self.names();
            if let Some(index) = names.by_name.get(name).copied()
                && names.all[index].until > Instant::now()
            {
                return Ok(Some((index, names.all[index].found.clone())));
            }
            if names.all.len() >= NAMES_MAX && !names.by_name.contains_key(name) {
                return Err(format!("a sandbox can use at most {NAMES_MAX} names"));
            }
        }
        let found = self.egress.settings.resolver.lookup(name).await.map_err(|error| error.to_string())?;
        if found.is_empty() {
            return Ok(None);
        }
        let mut names = self.names();
        let until = Instant::now() + KEPT;
        let index = match names.by_name.get(name).copied() {
            Some(index) => index,
            None => {
                let shared: Arc<str> = name.into();
                let index = names.all.len();
                names.by_name.insert(shared.clone(), index);
                names.all.push(Name { name: shared, found: Vec::new(), until });
                index
            }
        };
        names.all[index].found.clone_from(&found);
        names.all[index].until = until;
        Ok(Some((index, found)))
    }

    // ---- connections -------------------------------------------------------

    async fn on_connect(self: &Arc<Self>, inside: TcpStream, address: Ipv4Addr, port: u16) {
        let limit = match self.places(address, port) {
            Ok(places) => {
                let asking = Asking { inside, _places: places };
                let session = self.clone();
                tokio::spawn(async move {
                    let end = session.end.clone();
                    tokio::select! {
                        () = end.cancelled() => {}
                        () = session.connect(asking, address, port) => {}
                    }
                });
                return;
            }
            Err(limit) => limit,
        };
        self.account.count(Attempt::Limited);
        self.note(format!("network refused a connection to port {port}: {limit}")).await;
        stream::break_off(&inside);
    }

    fn places(&self, address: Ipv4Addr, port: u16) -> Result<[OwnedSemaphorePermit; 2], String> {
        let settings = &self.egress.settings;
        let own = self.places.clone().try_acquire_owned().map_err(|_| {
            format!("more than {} connections of one sandbox at once", settings.connections_per_sandbox)
        })?;
        let all = self.egress.places.clone().try_acquire_owned().map_err(|_| {
            tracing::warn!(%address, port, "all places for connections of sandboxes are taken");
            "this server has no place for more connections".to_owned()
        })?;
        self.account.may_connect()?;
        Ok([own, all])
    }

    async fn connect(&self, asking: Asking, address: Ipv4Addr, port: u16) {
        let inside = &asking.inside;
        let name = self.name_of(address);
        let shown = name.as_deref().map_or_else(|| address.to_string(), str::to_owned);
        let outside = match self.reach(name.as_deref(), address, port, &shown).await {
            Some(outside) => outside,
            None => return stream::break_off(inside),
        };
        self.account.count(Attempt::Opened);
        let _open = self.account.hold();
        match stream::carry(inside, &outside, &self.account).await {
            Ok(()) => {}
            Err(cut) => {
                if let Cut::Limit(limit) = cut {
                    self.note(format!("network cut {shown}:{port}: {limit}")).await;
                }
                stream::break_off(inside);
                stream::break_off(&outside);
            }
        }
    }

    /// The name that an address inside stands for.
    fn name_of(&self, address: Ipv4Addr) -> Option<Arc<str>> {
        let index = address.to_bits().checked_sub(FIRST_ADDRESS)? as usize;
        self.names().all.get(index).map(|name| name.name.clone())
    }

    /// Connects to the first address that may be reached and answers; tells why there is none.
    async fn reach(
        &self,
        name: Option<&str>,
        address: Ipv4Addr,
        port: u16,
        shown: &str,
    ) -> Option<TcpStream> {
        let settings = &self.egress.settings;
        let target = Target { name, port };
        let mut found = vec![IpAddr::V4(address)];
        if let Some(name) = name {
            if !target.is_known(&self.policy) {
                let (what, rule) = (format!("{shown}:{port}"), format!("{name}:{port}"));
                self.refuse(&what, "no rule names this port", Some(rule)).await;
                return None;
            }
            found = match self.find(name).await {
                Ok(found) => found.map(|(_, found)| found).unwrap_or_default(),
                Err(why) => {
                    self.account.count(Attempt::Failed);
                    self.note(format!("network: {name} could not be looked up: {why}")).await;
                    return None;
                }
            };
            // Hosts without IPv6 have addresses that lead nowhere.
            found.sort_by_key(IpAddr::is_ipv6);
        }
        let mut refusal = None;
        let mut failure = None;
        for address in found {
            match judge(&self.policy, &settings.never, &settings.own_ports, target, address) {
                Ok(()) => {}
                Err(refused) => {
                    refusal.get_or_insert(refused);
                    continue;
                }
            }
            let connecting = TcpStream::connect(SocketAddr::new(address, port));
            match tokio::time::timeout(settings.connect_timeout, connecting).await {
                Ok(Ok(outside)) => {
                    let _ = outside.set_nodelay(true);
                    return Some(outside);
                }
                Ok(Err(error)) => failure = Some(error.to_string()),
                Err(_) => failure = Some(format!("no answer within {:?}", settings.connect_timeout)),
            }
        }
        match (failure, refusal) {
            (None, Some(refusal)) => {
                let rule = refusal.host.map(|host| format!("{host}:{port}"));
                self.refuse(&format!("{shown}:{port}"), &refusal.why, rule).await;
            }
            (failure, _) => {
                self.account.count(Attempt::Failed);
                let why = failure.unwrap_or_else(|| "it has no address".to_owned());
                self.note(format!("network: {shown}:{port} could not be reached: {why}")).await;
            }
        }
        None
    }
}

/// The descriptor, if it is what it should be: the agent could send any.
fn tcp_socket(socket: OwnedFd) -> io::Result<TcpStream> {
    let socket = socket2::Socket::from(socket);
    let is_stream = socket.r#type()? == socket2::Type::STREAM;
    let is_tcp = socket.protocol()? == Some(socket2::Protocol::TCP);
    if socket.domain()? != socket2::Domain::IPV4 || !is_stream || !is_tcp {
        return Err(io::Error::other("no TCP socket"));
    }
    socket.set_nonblocking(true)?;
    let _ = socket.set_tcp_nodelay(true);
    TcpStream::from_std(socket.into())
}
