//! The keeper's state and event loop.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Config;
use super::connection::{Connection, Received};
use super::launch::{Answer, system};
use super::porter::{Porter, Report, Task};
use super::sandbox::{GroupNames, Sandbox};
use super::stock::Stock;
use crate::protocol::{ErrorKind, Lifetime, PACKET_MAX, PROTOCOL_VERSION, ReplyBody, Request, RequestBody};
use crate::sandbox::cgroup::{Cgroups, Pace};
use crate::sandbox::late::AllowedFolders;
use crate::sandbox::launch::Recipe;
use crate::{socket, sys};

// Tokens of what there is once, then of what there is many of: id * 4 + kind.
const LISTENER: u64 = 0;
const SIGNALS: u64 = 1;
const PORTER: u64 = 2;
pub(super) const REPORT: u64 = 0;
pub(super) const CONNECTION: u64 = 1;
pub(super) const PIDFD: u64 = 2;
pub(super) const CHANNEL: u64 = 3;
/// How long until what could not be done with a group is tried again.
const AGAIN: Duration = Duration::from_millis(50);

pub(super) fn token(id: u64, kind: u64) -> u64 {
    id * 4 + kind
}

pub(super) struct Keeper {
    config: Config,
    pub(super) recipe: Recipe,
    pub(super) cgroups: Cgroups,
    pub(super) names: GroupNames,
    pub(super) mountable: AllowedFolders,
    pub(super) home: OwnedFd,
    pub(super) epoll: sys::Epoll,
    pub(super) connections: BTreeMap<u64, Connection>,
    pub(super) sandboxes: BTreeMap<u64, Sandbox>,
    pub(super) stock: Stock,
    pub(super) porter: Porter,
    pub(super) porter_lost: bool,
    pub(super) uids: (u32, u32),
    pub(super) next_uid: u32,
    pub(super) ids: u64,
    /// Groups that are not removed yet: with the porter, or to be given to him again then.
    pub(super) graves: BTreeMap<String, Option<Instant>>,
    pub(super) launched: u64,
    pub(super) from_stock: u64,
    idle_since: Instant,
    pub(super) stopping: bool,
}

/// Ids of this keeper follow those of any earlier one, so that a server that speaks of a
/// sandbox of a dead keeper never means one of ours. Tokens need two bits more.
fn first_id() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since_epoch.as_micros() as u64) << 8
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
            porter: Porter::start(&cgroups)?,
            porter_lost: false,
            cgroups,
            names: GroupNames::default(),
            mountable,
            home,
            epoll: sys::Epoll::new()?,
            connections: BTreeMap::new(),
            sandboxes: BTreeMap::new(),
            stock: Stock::new(),
            uids,
            next_uid: 0,
            ids: first_id(),
            graves: BTreeMap::new(),
            launched: 0,
            from_stock: 0,
            idle_since: Instant::now(),
            stopping: false,
        })
    }

    pub(super) fn run(mut self, listener: BorrowedFd<'_>, signals: BorrowedFd<'_>) -> io::Result<()> {
        self.epoll.add(listener, LISTENER)?;
        self.epoll.add(signals, SIGNALS)?;
        self.epoll.add(self.porter.as_fd(), PORTER)?;
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
                    (PORTER, _) => self.on_porter(&mut buffer),
                    (_, CONNECTION) => self.serve(token / 4, &mut buffer)?,
                    (_, PIDFD) => self.bury(token / 4),
                    (_, REPORT) => self.on_report(token / 4),
                    _ => self.on_channel(token / 4),
                }
            }
            self.on_time()?;
        }
        self.end_all();
        Ok(())
    }

    fn next_wake(&self, now: Instant) -> Option<Duration> {
        let sandboxes = self.sandboxes.values().filter_map(Sandbox::wake_at);
        let graves = self.graves.values().flatten().copied();
        let idle = self.connections.is_empty().then(|| self.idle_since + self.grace());
        let waiting = self.connections.values().any(Connection::has_waiting);
        let waiting = waiting.then(|| now + Duration::from_millis(10));
        sandboxes
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
        let due: Vec<u64> = self
            .sandboxes
            .iter()
            .filter(|(_, sandbox)| sandbox.wake_at().is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.on_sandbox_time(id, now);
        }
        self.on_porter_time(now)?;
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

    fn on_sandbox_time(&mut self, id: u64, now: Instant) {
        let Some(sandbox) = self.sandboxes.get_mut(&id) else { return };
        if sandbox.kill_at.is_some_and(|at| at <= now) {
            sandbox.kill_at = Some(now + Duration::from_secs(1));
            let _ = sys::signal_pidfd(sandbox.pidfd.as_fd(), libc::SIGKILL);
        }
        let late = sandbox.set_up_by.is_some_and(|at| at <= now);
        if sandbox.promote_at.is_some_and(|at| at <= now) {
            sandbox.promote_at = None;
            let group = sandbox.cgroup.name().to_owned();
            self.give(Task::Promote { sandbox: id, group });
        }
        if late {
            self.on_report(id);
        }
    }

    // ---- the porter ----------------------------------------------------------

    fn on_porter(&mut self, buffer: &mut [u8]) {
        let now = Instant::now();
        loop {
            match self.porter.report(buffer) {
                Ok(Some(Report { task: Task::Remove { group }, done: true })) => {
                    self.graves.remove(&group);
                }
                Ok(Some(Report { task: Task::Remove { group }, done: false })) => {
                    self.graves.insert(group, Some(now + AGAIN));
                }
                // Done or not: at worst it starts at the pace of the others.
                Ok(Some(Report { task: Task::Slow { sandbox, .. }, .. })) => self.begin_stock(sandbox),
                Ok(Some(Report { task: Task::Promote { sandbox, .. }, done })) => {
                    let Some(sandbox) = self.sandboxes.get_mut(&sandbox) else { continue };
                    match done {
                        true => sandbox.pace = Pace::Normal,
                        false => sandbox.promote_at = Some(now + AGAIN),
                    }
                }
                Ok(None) => return,
                Err(_) => {
                    self.porter_lost = true;
                    return;
                }
            }
        }
    }

    fn on_porter_time(&mut self, now: Instant) -> io::Result<()> {
        self.porter_lost |= !self.porter.flush();
        if std::mem::take(&mut self.porter_lost) {
            // What he had not done yet is given to the next one.
            let next = Porter::start(&self.cgroups)?;
            self.epoll.remove(self.porter.as_fd());
            std::mem::replace(&mut self.porter, next).end();
            self.epoll.add(self.porter.as_fd(), PORTER)?;
            self.graves.values_mut().for_each(|at| *at = Some(now));
            for sandbox in self.sandboxes.values_mut().filter(|sandbox| sandbox.pace == Pace::Idle) {
                sandbox.promote_at.get_or_insert(now);
            }
            let begun: Vec<u64> = self.sandboxes.keys().copied().collect();
            begun.into_iter().for_each(|id| self.begin_stock(id));
        }
        let due: Vec<String> = self
            .graves
            .iter()
            .filter(|(_, at)| at.is_some_and(|at| at <= now))
            .map(|(group, _)| group.clone())
            .collect();
        for group in due {
            self.graves.insert(group.clone(), None);
            self.give(Task::Remove { group });
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

    pub(super) fn disconnect(&mut self, id: u64) {
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
                    self.reply(id, 0, Err((ErrorKind::Invalid, error)));
                    continue;
                }
            };
            let Request { id: request_id, body } = *request;
            let greeted = self.connections.get(&id).is_some_and(|conn| conn.greeted);
            let answer = match body {
                RequestBody::Launch(spec) if greeted => match self.launch(id, request_id, *spec) {
                    Some(answer) => answer,
                    None => continue,
                },
                body => self.answer(id, greeted, body),
            };
            self.reply(id, request_id, answer);
        }
    }

    fn answer(&mut self, connection: u64, greeted: bool, request: RequestBody) -> Answer {
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
            // A launch of one who greeted does not come here.
            RequestBody::Launch(_) => Err((ErrorKind::Invalid, "say hello first".to_owned())),
            _ if !greeted => Err((ErrorKind::Invalid, "say hello first".to_owned())),
            RequestBody::Stock { stock } => {
                for unwanted in self.stock.plan(stock) {
                    self.kill(unwanted);
                }
                Ok((ReplyBody::Done, None))
            }
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

    pub(super) fn find(&mut self, sandbox: u64) -> Result<&mut Sandbox, (ErrorKind, String)> {
        self.sandboxes
            .get_mut(&sandbox)
            .ok_or_else(|| (ErrorKind::Gone, format!("sandbox {sandbox} is not there (any more)")))
    }

    fn end_all(mut self) {
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
        self.porter.end();
        self.cgroups.remove();
    }
}
