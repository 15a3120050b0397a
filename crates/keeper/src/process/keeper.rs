//! The keeper's state and event loop.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Config;
use super::connection::{Connection, Received};
use super::stock::Stock;
use crate::protocol::{
    ErrorKind, Event, LaunchSpec, Layer, Lifetime, PACKET_MAX, PROTOCOL_VERSION, Program, Reply, ReplyBody,
    Request, RequestBody, SandboxInfo, SandboxLimits, Status,
};
use crate::sandbox::cgroup::{Cgroup, Cgroups};
use crate::sandbox::late::{self, AllowedFolders};
use crate::sandbox::launch::{self, Recipe};
use crate::{socket, sys};

const LISTENER: u64 = 0;
const SIGNALS: u64 = 1;
// Tokens of connections, sandboxes' pidfds and sandboxes' channels: id * 4 + kind.
const CONNECTION: u64 = 1;
const PIDFD: u64 = 2;
const CHANNEL: u64 = 3;

fn token(id: u64, kind: u64) -> u64 {
    id * 4 + kind
}

/// A sandbox of ours.
struct Sandbox {
    pid: i32,
    pidfd: OwnedFd,
    channel: OwnedFd,
    egress: OwnedFd,
    report: OwnedFd,
    mount_namespace: Option<OwnedFd>,
    cgroup: Cgroup,
    uid: u32,
    stock: String,
    label: String,
    lifetime: Lifetime,
    /// The connection it was handed to; `None` in stock, or when that server is gone.
    owner: Option<u64>,
    leased: bool,
    made_at: Instant,
    /// When it is ended by force.
    kill_at: Option<Instant>,
}

pub(super) struct Keeper {
    config: Config,
    recipe: Recipe,
    cgroups: Cgroups,
    mountable: AllowedFolders,
    home: OwnedFd,
    epoll: sys::Epoll,
    connections: BTreeMap<u64, Connection>,
    sandboxes: BTreeMap<u64, Sandbox>,
    stock: Stock,
    uids: (u32, u32),
    next_uid: u32,
    ids: u64,
    /// Groups that could not be removed yet.
    graves: Vec<Cgroup>,
    launched: u64,
    from_stock: u64,
    idle_since: Instant,
    stopping: bool,
}

/// Ids of this keeper follow those of any earlier one, so that a server that speaks of a
/// sandbox of a dead keeper never means one of ours. Tokens need two bits more.
fn first_id() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since_epoch.as_micros() as u64) << 8
}

type Answer = Result<(ReplyBody, Option<u64>), (ErrorKind, String)>;

fn system(error: io::Error) -> (ErrorKind, String) {
    (ErrorKind::System, error.to_string())
}

impl Keeper {
    pub(super) fn new(
        config: Config,
        recipe: Recipe,
        cgroups: Cgroups,
        mountable: AllowedFolders,
        home: OwnedFd,
        uids: (u32, u32),
    ) -> io::Result<Self> {
        Ok(Self {
            config,
            recipe,
            cgroups,
            mountable,
            home,
            epoll: sys::Epoll::new()?,
            connections: BTreeMap::new(),
            sandboxes: BTreeMap::new(),
            stock: Stock::new(),
            uids,
            next_uid: 0,
            ids: first_id(),
            graves: Vec::new(),
            launched: 0,
            from_stock: 0,
            idle_since: Instant::now(),
            stopping: false,
        })
    }

    pub(super) fn run(mut self, listener: BorrowedFd<'_>, signals: BorrowedFd<'_>) -> io::Result<()> {
        self.epoll.add(listener, LISTENER)?;
        self.epoll.add(signals, SIGNALS)?;
        let mut buffer = vec![0u8; PACKET_MAX];
        while !self.stopping {
            let now = Instant::now();
            let may_make = self.stock.next_to_make(now).is_some();
            // Making stock waits until nothing else is to do.
            let timeout = if may_make { Some(Duration::ZERO) } else { self.next_wake(now) };
            let ready = self.epoll.wait(timeout)?;
            if ready.is_empty() && may_make {
                self.make_stock();
            }
            for token in ready {
                match (token, token % 4) {
                    (LISTENER, _) => self.accept(listener)?,
                    (SIGNALS, _) => self.stopping = true,
                    (_, CONNECTION) => self.serve(token / 4, &mut buffer)?,
                    (_, PIDFD) => self.bury(token / 4),
                    _ => self.on_channel(token / 4),
                }
            }
            self.on_time()?;
        }
        self.end_all();
        Ok(())
    }

    fn next_wake(&self, now: Instant) -> Option<Duration> {
        let kills = self.sandboxes.values().filter_map(|sandbox| sandbox.kill_at);
        let graves = (!self.graves.is_empty()).then(|| now + Duration::from_millis(50));
        let idle = self.connections.is_empty().then(|| self.idle_since + self.grace());
        let waiting = self.connections.values().any(Connection::has_waiting);
        let waiting = waiting.then(|| now + Duration::from_millis(10));
        kills
            .chain(graves)
            .chain(idle)
            .chain(waiting)
            .chain(self.stock.wake_at(now))
            .min()
            .map(|at| at.saturating_duration_since(now))
    }

    fn grace(&self) -> Duration {
        Duration::from_millis(self.config.orphan_grace_ms)
    }

    fn on_time(&mut self) -> io::Result<()> {
        let now = Instant::now();
        for sandbox in self.sandboxes.values_mut() {
            if sandbox.kill_at.is_some_and(|at| at <= now) {
                sandbox.kill_at = Some(now + Duration::from_secs(1));
                let _ = sys::signal_pidfd(sandbox.pidfd.as_fd(), libc::SIGKILL);
            }
        }
        self.graves.retain(|group| !group.remove());
        let broken: Vec<u64> =
            self.connections.iter_mut().filter_map(|(id, conn)| (!conn.flush()).then_some(*id)).collect();
        for id in broken {
            self.disconnect(id);
        }
        if self.connections.is_empty() && self.idle_since + self.grace() <= now {
            let kept = self.sandboxes.values().any(|one| one.leased && one.lifetime == Lifetime::Keeper);
            // Nobody came back and nothing outlives a server: no reason to stay.
            self.stopping |= !kept;
            self.idle_since = now;
        }
        Ok(())
    }

    // ---- connections -------------------------------------------------------

    fn accept(&mut self, listener: BorrowedFd<'_>) -> io::Result<()> {
        while let Some((socket, uid)) = socket::accept(listener)? {
            // Rootless, our own uid is 0 inside and the peer's is mapped the same way.
            let known = uid == 0 || uid == sys::effective_uid() || uid == self.config.server_uid;
            if !known || self.connections.len() >= 64 {
                continue;
            }
            self.ids += 1;
            self.epoll.add(socket.as_fd(), token(self.ids, CONNECTION))?;
            self.connections.insert(self.ids, Connection::new(socket));
        }
        Ok(())
    }

    fn disconnect(&mut self, id: u64) {
        let Some(connection) = self.connections.remove(&id) else { return };
        self.epoll.remove(connection.socket.as_fd());
        let now = Instant::now();
        let grace = self.grace();
        for sandbox in self.sandboxes.values_mut().filter(|sandbox| sandbox.owner == Some(id)) {
            sandbox.owner = None;
            if sandbox.lifetime == Lifetime::Server {
                sandbox.kill_at.get_or_insert(now + grace);
            }
        }
        self.idle_since = now;
    }

    fn serve(&mut self, id: u64, buffer: &mut [u8]) -> io::Result<()> {
        loop {
            let Some(connection) = self.connections.get(&id) else { return Ok(()) };
            let request = match connection.receive(buffer) {
                Received::Request(request) => request,
                Received::Nothing => return Ok(()),
                Received::Closed => {
                    self.disconnect(id);
                    return Ok(());
                }
                Received::Malformed(error) => {
                    let body = ReplyBody::Error { error, kind: ErrorKind::Invalid };
                    self.reply(id, Reply { id: 0, body }, None);
                    continue;
                }
            };
            let Request { id: request_id, body } = *request;
            let (body, handed) = match self.answer(id, body) {
                Ok(answer) => answer,
                Err((kind, error)) => (ReplyBody::Error { error, kind }, None),
            };
            self.reply(id, Reply { id: request_id, body }, handed);
        }
    }

    fn reply(&mut self, id: u64, reply: Reply, handed: Option<u64>) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let sent = match handed.and_then(|sandbox| self.sandboxes.get(&sandbox)) {
            Some(sandbox) => {
                let (channel, egress) = (sandbox.channel.as_fd(), sandbox.egress.as_fd());
                connection.send(&reply, &[channel, sandbox.pidfd.as_fd(), egress])
            }
            None => connection.send(&reply, &[]),
        };
        if !sent {
            self.disconnect(id);
        }
    }

    fn answer(&mut self, connection: u64, request: RequestBody) -> Answer {
        let greeted = self.connections.get(&connection).is_some_and(|conn| conn.greeted);
        match request {
            RequestBody::Hello { .. } => {
                if let Some(conn) = self.connections.get_mut(&connection) {
                    conn.greeted = true;
                }
                let hello = ReplyBody::Hello {
                    protocol: PROTOCOL_VERSION,
                    build: env!("CARGO_PKG_VERSION").to_owned(),
                    pid: std::process::id(),
                    rootless: self.recipe.rootless,
                };
                Ok((hello, None))
            }
            _ if !greeted => Err((ErrorKind::Invalid, "say hello first".to_owned())),
            RequestBody::Stock { stock } => {
                for unwanted in self.stock.plan(stock) {
                    self.kill(unwanted);
                }
                Ok((ReplyBody::Done, None))
            }
            RequestBody::Launch(spec) => self.launch(connection, &spec),
            RequestBody::List => Ok((ReplyBody::Sandboxes { sandboxes: self.list() }, None)),
            RequestBody::Adopt { sandbox } => self.adopt(connection, sandbox),
            RequestBody::Signal { sandbox, signal } => {
                if !(1..=64).contains(&signal) {
                    return Err((ErrorKind::Invalid, format!("{signal} is no signal")));
                }
                let found = self.find(sandbox)?;
                sys::signal_pidfd(found.pidfd.as_fd(), signal).map_err(system)?;
                Ok((ReplyBody::Done, None))
            }
            RequestBody::Stop { sandbox, grace_ms } => {
                let found = self.find(sandbox)?;
                if grace_ms > 0 {
                    sys::signal_pidfd(found.pidfd.as_fd(), libc::SIGTERM).map_err(system)?;
                    found.kill_at = Some(Instant::now() + Duration::from_millis(grace_ms));
                } else {
                    sys::signal_pidfd(found.pidfd.as_fd(), libc::SIGKILL).map_err(system)?;
                }
                Ok((ReplyBody::Done, None))
            }
            RequestBody::Usage { sandbox } => {
                let usage = self.find(sandbox)?.cgroup.usage();
                Ok((ReplyBody::Usage(usage), None))
            }
            RequestBody::Status => Ok((ReplyBody::Status(Box::new(self.status())), None)),
            RequestBody::Shutdown => {
                self.stopping = true;
                Ok((ReplyBody::Done, None))
            }
        }
    }

    fn find(&mut self, sandbox: u64) -> Result<&mut Sandbox, (ErrorKind, String)> {
        self.sandboxes
            .get_mut(&sandbox)
            .ok_or_else(|| (ErrorKind::Gone, format!("sandbox {sandbox} is not there (any more)")))
    }

    fn list(&self) -> Vec<SandboxInfo> {
        self.sandboxes
            .iter()
            .take(400)
            .map(|(id, sandbox)| SandboxInfo {
                sandbox: *id,
                pid: sandbox.pid as u32,
                uid: sandbox.uid,
                label: sandbox.label.clone(),
                stock: sandbox.stock.clone(),
                leased: sandbox.leased,
                age_ms: sandbox.made_at.elapsed().as_millis() as u64,
                memory_bytes: sandbox.cgroup.memory_now(),
            })
            .collect()
    }

    fn status(&self) -> Status {
        let mut stock = self.stock.states();
        for (key, state) in &mut stock {
            state.memory_bytes = self
                .stock
                .on_shelf(key)
                .filter_map(|id| self.sandboxes.get(&id))
                .map(|sandbox| sandbox.cgroup.memory_now())
                .sum();
        }
        Status {
            pid: std::process::id(),
            rootless: self.recipe.rootless,
            layers: self.layers(),
            stock,
            sandboxes: self.sandboxes.len() as u32,
            launched_total: self.launched,
            from_stock_total: self.from_stock,
            refill_error: self.stock.error.clone(),
        }
    }

    fn layers(&self) -> Vec<Layer> {
        let layer = |name: &str, active: bool, detail: &str| Layer {
            name: name.to_owned(),
            active,
            detail: detail.to_owned(),
        };
        let (limits, detail) = match &self.cgroups {
            Cgroups::V1 { .. } => (true, "cgroup v1: memory, cpu, pids".to_owned()),
            Cgroups::V2 { .. } => (true, "cgroup v2: memory, cpu, pids".to_owned()),
            Cgroups::None { reason } => (
                false,
                format!(
                    "memory, CPU and process limits do not hold ({reason}); start Nova as root, or delegate \
                     control groups to this user (systemd: Delegate=yes)"
                ),
            ),
        };
        let uids = if self.recipe.rootless {
            layer(
                "own user per sandbox",
                false,
                "sandboxes share one host user, so only namespaces keep them apart; start Nova as root",
            )
        } else {
            let (base, count) = self.uids;
            layer("own user per sandbox", true, &format!("host uids {base} to {}", base + count - 1))
        };
        vec![
            layer("namespaces", true, "user, mount, pid, net, ipc, uts, cgroup"),
            layer("read-only root", true, "tmpfs template with the host's /usr, private /tmp and /proc"),
            layer("system call filter", true, "allow-list, no new privileges, no capabilities"),
            layer("limits", limits, &detail),
            uids,
        ]
    }

    // ---- sandboxes ---------------------------------------------------------

    fn free_uid(&mut self) -> Result<u32, (ErrorKind, String)> {
        let (base, count) = self.uids;
        if self.recipe.rootless {
            return Ok(base);
        }
        for _ in 0..count {
            let uid = base + self.next_uid % count;
            self.next_uid = (self.next_uid + 1) % count;
            if self.sandboxes.values().all(|sandbox| sandbox.uid != uid) {
                return Ok(uid);
            }
        }
        Err((ErrorKind::Full, format!("all {count} host uids for sandboxes are in use")))
    }

    fn make(&mut self, stock: &str, runtime: Option<&Program>) -> Result<u64, (ErrorKind, String)> {
        let uid = self.free_uid()?;
        self.ids += 1;
        let id = self.ids;
        let cgroup = self.cgroups.create(&format!("s{id}")).map_err(system)?;
        let born = match launch::launch(&self.recipe, &cgroup, uid, runtime) {
            Ok(born) => born,
            Err(error) => {
                self.graves.push(cgroup);
                return Err(system(error));
            }
        };
        self.epoll.add(born.pidfd.as_fd(), token(id, PIDFD)).map_err(system)?;
        let sandbox = Sandbox {
            pid: born.pid,
            pidfd: born.pidfd,
            channel: born.channel,
            egress: born.egress,
            report: born.report,
            mount_namespace: Some(born.mount_namespace),
            cgroup,
            uid,
            stock: stock.to_owned(),
            label: String::new(),
            lifetime: Lifetime::Server,
            owner: None,
            leased: false,
            made_at: Instant::now(),
            kill_at: None,
        };
        self.sandboxes.insert(id, sandbox);
        Ok(id)
    }

    fn make_stock(&mut self) {
        let now = Instant::now();
        let Some((key, runtime)) = self.stock.next_to_make(now) else { return };
        match self.make(&key, runtime.as_ref()) {
            Ok(id) => {
                if let Some(shelf) = self.stock.shelves.get_mut(&key) {
                    shelf.starting.push_back(id);
                }
                if let Some(sandbox) = self.sandboxes.get(&id) {
                    // Its first frame says that it is up.
                    let _ = self.epoll.add(sandbox.channel.as_fd(), token(id, CHANNEL));
                }
            }
            Err((_, error)) => self.stock.failed(error, now),
        }
    }

    fn on_channel(&mut self, id: u64) {
        if let Some(sandbox) = self.sandboxes.get(&id) {
            self.epoll.remove(sandbox.channel.as_fd());
            if sys::has_input(sandbox.channel.as_fd()) {
                self.stock.became_ready(id);
            }
        }
    }

    fn launch(&mut self, connection: u64, spec: &LaunchSpec) -> Answer {
        let mounts = late::prepare(&self.mountable, &spec.mounts)
            .map_err(|error| (ErrorKind::Invalid, error.to_string()))?;
        let stocked = self.stock.take(&spec.stock);
        let id = match stocked {
            Some(id) => id,
            None => self.make(&spec.stock, spec.runtime.as_ref())?,
        };
        let limits = spec.limits;
        let tmp = (limits.tmp_bytes != SandboxLimits::default().tmp_bytes).then_some(limits.tmp_bytes);
        let home = self.home.as_fd();
        let Some(sandbox) = self.sandboxes.get_mut(&id) else {
            return Err((ErrorKind::Gone, "the sandbox is gone already".to_owned()));
        };
        if stocked.is_some() {
            self.epoll.remove(sandbox.channel.as_fd());
        }
        let specialised = wait_for_root(sandbox, stocked.is_some()).and_then(|()| {
            sandbox.cgroup.specialise(&limits)?;
            match sandbox.mount_namespace.take() {
                Some(namespace) => late::attach(home, namespace.as_fd(), &mounts, tmp),
                None => Err(io::Error::other("its mount namespace is gone")),
            }
        });
        if let Err(error) = specialised {
            let lost = error.kind() == io::ErrorKind::NotConnected;
            self.kill(id);
            if lost {
                self.stopping = true;
            }
            return Err(system(error));
        }
        sandbox.label.clone_from(&spec.label);
        sandbox.lifetime = spec.lifetime;
        sandbox.owner = Some(connection);
        sandbox.leased = true;
        self.launched += 1;
        self.from_stock += u64::from(stocked.is_some());
        let body = ReplyBody::Launched {
            sandbox: id,
            pid: sandbox.pid as u32,
            from_stock: stocked.is_some(),
            memory_peak_file: sandbox.cgroup.memory_peak_file().map(|path| path.display().to_string()),
        };
        Ok((body, Some(id)))
    }

    fn adopt(&mut self, connection: u64, id: u64) -> Answer {
        let sandbox = self.find(id)?;
        if !sandbox.leased || sandbox.owner.is_some() {
            return Err((ErrorKind::Invalid, format!("sandbox {id} has an owner, or is in stock")));
        }
        sandbox.owner = Some(connection);
        sandbox.kill_at = None;
        let body = ReplyBody::Launched {
            sandbox: id,
            pid: sandbox.pid as u32,
            from_stock: false,
            memory_peak_file: sandbox.cgroup.memory_peak_file().map(|path| path.display().to_string()),
        };
        Ok((body, Some(id)))
    }

    fn kill(&mut self, id: u64) {
        if let Some(sandbox) = self.sandboxes.get_mut(&id) {
            let _ = sys::signal_pidfd(sandbox.pidfd.as_fd(), libc::SIGKILL);
            sandbox.kill_at = Some(Instant::now() + Duration::from_secs(1));
        }
    }

    /// A first process ended, and with it everything in its sandbox.
    fn bury(&mut self, id: u64) {
        let Some(sandbox) = self.sandboxes.get(&id) else { return };
        if !sys::reap(sandbox.pidfd.as_fd()) {
            return;
        }
        let Some(sandbox) = self.sandboxes.remove(&id) else { return };
        self.epoll.remove(sandbox.pidfd.as_fd());
        let report = sys::read_some(sandbox.report.as_fd(), 1024);
        let setup_error = (!report.is_empty()).then(|| String::from_utf8_lossy(&report).into_owned());
        let usage = sandbox.cgroup.usage();
        if !sandbox.cgroup.remove() {
            self.graves.push(sandbox.cgroup);
        }
        if !sandbox.leased {
            let why = setup_error.clone().unwrap_or_else(|| "a sandbox in stock ended by itself".to_owned());
            self.stock.lost(id, &why, Instant::now());
        }
        if let Some(owner) = sandbox.owner
            && let Some(connection) = self.connections.get_mut(&owner)
            && !connection.send(&Event::Exited { sandbox: id, setup_error, usage }, &[])
        {
            self.disconnect(owner);
        }
    }

    fn end_all(&mut self) {
        for sandbox in self.sandboxes.values() {
            let _ = sys::signal_pidfd(sandbox.pidfd.as_fd(), libc::SIGKILL);
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while !self.sandboxes.is_empty() && Instant::now() < deadline {
            for token in self.epoll.wait(Some(Duration::from_millis(20))).unwrap_or_default() {
                if token % 4 == PIDFD {
                    self.bury(token / 4);
                }
            }
        }
        while !self.graves.is_empty() && Instant::now() < deadline {
            self.graves.retain(|group| !group.remove());
        }
        self.cgroups.remove();
    }
}

/// Late mounts need the sandbox's root to be in place. A stocked one that said so is
/// ready; one made just now shows it by its agent's exec, which closes the report pipe.
fn wait_for_root(sandbox: &Sandbox, stocked: bool) -> io::Result<()> {
    if stocked && sys::has_input(sandbox.channel.as_fd()) {
        return Ok(());
    }
    sys::wait_closed(sandbox.report.as_fd(), Duration::from_secs(5))
        .map_err(|report| io::Error::other(format!("the sandbox could not be set up: {report}")))
}
