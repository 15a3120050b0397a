//! A sandbox's way through the keeper: made, handed out, ended, buried.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::keeper::{CHANNEL, Keeper, PIDFD, REPORT, token};
use super::porter::Task;
use super::sandbox::{Pending, Sandbox};
use super::stock::Next;
use crate::protocol::{ErrorKind, Event, LaunchSpec, Program, Reply, ReplyBody, SandboxLimits};
use crate::sandbox::cgroup::Pace;
use crate::sandbox::{late, launch};
use crate::sys;

/// How long a sandbox may take from clone to its agent's start.
const SETUP_MAX: Duration = Duration::from_secs(5);
/// How long an interpreter in stock stays at low priority after it said that it is up: it
/// imports some more while nothing is asked of it.
const SETTLE: Duration = Duration::from_millis(300);

/// An answer, and the sandbox whose descriptors go with it.
pub(super) type Answer = Result<(ReplyBody, Option<u64>), (ErrorKind, String)>;

pub(super) fn system(error: io::Error) -> (ErrorKind, String) {
    (ErrorKind::System, error.to_string())
}

impl Keeper {
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

    /// Makes a shell, in which nothing runs yet.
    pub(super) fn make_shell(&mut self) -> Result<u64, (ErrorKind, String)> {
        let uid = self.free_uid()?;
        self.ids += 1;
        let id = self.ids;
        let cgroup = self.cgroups.group(&self.names.of(id));
        let made =
            cgroup.create().and_then(|()| launch::make_shell(&self.recipe, &cgroup, uid)).and_then(|born| {
                self.epoll.add(born.pidfd.as_fd(), token(id, PIDFD))?;
                Ok(born)
            });
        match made {
            Ok(born) => {
                self.sandboxes.insert(id, Sandbox::new(born, cgroup, uid));
                Ok(id)
            }
            Err(error) => {
                self.remove_group(cgroup.name().to_owned());
                Err(system(error))
            }
        }
    }

    /// Has a shell start the agent with `runtime`.
    fn start(&mut self, id: u64, stock: &str, runtime: Option<&Program>) -> io::Result<()> {
        let sandbox = self.sandboxes.get_mut(&id).ok_or_else(|| io::Error::other("the shell ended"))?;
        let order = sandbox.order.take().ok_or_else(|| io::Error::other("it was told already"))?;
        stock.clone_into(&mut sandbox.stock);
        launch::start(order, runtime)
    }

    /// Makes the next thing that is kept ready: a shell, or an interpreter in one.
    pub(super) fn make_stock(&mut self) {
        let now = Instant::now();
        let made = match self.stock.next_to_make(now) {
            None => Ok(()),
            Some(Next::Shell) => self.make_shell().map(|id| self.stock.shells.push_back(id)),
            Some(Next::Stock(key, runtime)) => match self.stock.shells.pop_front() {
                None => Ok(()),
                Some(id) => {
                    self.stock.began(&key, id);
                    self.slow_down(id, key, runtime);
                    Ok(())
                }
            },
        };
        if let Err((_, error)) = made {
            self.stock.failed(error, now);
        }
    }

    /// Has the porter bring a shell down to idle CPUs; what it is for is begun after that.
    fn slow_down(&mut self, id: u64, key: String, runtime: Option<Program>) {
        let Some(sandbox) = self.sandboxes.get_mut(&id) else { return };
        sandbox.stock = key;
        sandbox.pace = Pace::Idle;
        sandbox.waiting = Some(runtime);
        let group = sandbox.cgroup.name().to_owned();
        self.give(Task::Slow { sandbox: id, group });
    }

    /// Starts what a shell is for. It may have been begun by one who could not wait.
    pub(super) fn begin_stock(&mut self, id: u64) {
        let Some(sandbox) = self.sandboxes.get_mut(&id) else { return };
        let Some(runtime) = sandbox.waiting.take() else { return };
        let key = sandbox.stock.clone();
        // Its first frame says that it is up.
        let _ = self.epoll.add(sandbox.channel.as_fd(), token(id, CHANNEL));
        if let Err(error) = self.start(id, &key, runtime.as_ref()) {
            self.stock.lost(id, &error.to_string(), Instant::now());
            self.kill(id);
        }
    }

    pub(super) fn on_channel(&mut self, id: u64) {
        if let Some(sandbox) = self.sandboxes.get_mut(&id) {
            self.epoll.remove(sandbox.channel.as_fd());
            if sys::has_input(sandbox.channel.as_fd()) {
                // The one without interpreter, whose key is empty, has nothing left to do.
                let settle = if sandbox.stock.is_empty() { Duration::ZERO } else { SETTLE };
                sandbox.promote_at = Some(Instant::now() + settle);
                self.stock.became_ready(id);
            }
        }
    }

    /// Begins a launch. `None`: the answer follows once the sandbox is set up.
    pub(super) fn launch(&mut self, connection: u64, request: u64, spec: LaunchSpec) -> Option<Answer> {
        let now = Instant::now();
        let mounts = match late::prepare(&self.mountable, &spec.mounts) {
            Ok(mounts) => mounts,
            Err(error) => return Some(Err((ErrorKind::Invalid, error.to_string()))),
        };
        let stocked = self.stock.take(&spec.stock, now);
        let id = match stocked {
            Some(id) => {
                self.begin_stock(id);
                id
            }
            None => match self.begin_from_scratch(&spec) {
                Ok(id) => id,
                Err(error) => return Some(Err(error)),
            },
        };
        let Some(sandbox) = self.sandboxes.get_mut(&id) else {
            return Some(Err((ErrorKind::Gone, "the sandbox is gone already".to_owned())));
        };
        let pending = Pending { connection, request, spec, mounts, from_stock: stocked.is_some() };
        if stocked.is_some() {
            self.epoll.remove(sandbox.channel.as_fd());
            if sys::has_input(sandbox.channel.as_fd()) {
                return Some(self.hand_out(id, &pending));
            }
        }
        // Late mounts need the sandbox's root to be in place, which its agent's exec shows:
        // it closes the report pipe.
        sandbox.pending = Some(Box::new(pending));
        sandbox.set_up_by = Some(now + SETUP_MAX);
        if sandbox.pace == Pace::Idle {
            // Somebody waits: it shall not wait for idle CPUs.
            sandbox.promote_at = Some(now);
        }
        if let Err(error) = self.epoll.add(sandbox.report.as_fd(), token(id, REPORT)) {
            sandbox.pending = None;
            self.kill(id);
            return Some(Err(system(error)));
        }
        None
    }

    /// A shell with what `spec` asks for being started in it.
    fn begin_from_scratch(&mut self, spec: &LaunchSpec) -> Result<u64, (ErrorKind, String)> {
        let id = match self.stock.shells.pop_front() {
            Some(id) => id,
            None => self.make_shell()?,
        };
        match self.start(id, &spec.stock, spec.runtime.as_ref()) {
            Ok(()) => Ok(id),
            Err(error) => {
                self.kill(id);
                Err(system(error))
            }
        }
    }

    /// A sandbox that somebody waits for is set up, or failed, or took too long.
    pub(super) fn on_report(&mut self, id: u64) {
        let Some(sandbox) = self.sandboxes.get_mut(&id) else { return };
        let outcome = match sys::is_closed(sandbox.report.as_fd()) {
            Ok(true) => Ok(()),
            Ok(false) if sandbox.set_up_by.is_some_and(|at| at > Instant::now()) => return,
            Ok(false) => Err("it took too long".to_owned()),
            Err(why) => Err(why),
        };
        self.epoll.remove(sandbox.report.as_fd());
        sandbox.set_up_by = None;
        let Some(pending) = sandbox.pending.take() else { return };
        let answer = match outcome {
            Ok(()) => self.hand_out(id, &pending),
            Err(why) => {
                self.kill(id);
                Err((ErrorKind::System, format!("the sandbox could not be set up: {why}")))
            }
        };
        self.answer_launch(&pending, answer);
    }

    pub(super) fn answer_launch(&mut self, pending: &Pending, answer: Answer) {
        let handed = answer.as_ref().ok().and_then(|(_, handed)| *handed);
        if let (Some(id), false) = (handed, self.connections.contains_key(&pending.connection)) {
            // The server went away meanwhile, before the sandbox was its own.
            self.kill(id);
            return;
        }
        self.reply(pending.connection, pending.request, answer);
    }

    /// Makes a sandbox that is up the one that `pending` asks for.
    fn hand_out(&mut self, id: u64, pending: &Pending) -> Answer {
        let Pending { spec, mounts, .. } = pending;
        let limits = &spec.limits;
        let tmp = (limits.tmp_bytes != SandboxLimits::default().tmp_bytes).then_some(limits.tmp_bytes);
        let home = self.home.as_fd();
        let Some(sandbox) = self.sandboxes.get_mut(&id) else {
            return Err((ErrorKind::Gone, "the sandbox is gone already".to_owned()));
        };
        let specialised = (|| {
            sandbox.cgroup.specialise(limits)?;
            match sandbox.mount_namespace.take() {
                Some(namespace) => late::attach(home, namespace.as_fd(), mounts, tmp)?,
                None => return Err(io::Error::other("its mount namespace is gone")),
            }
            if spec.opening.is_empty() {
                return Ok(());
            }
            // From here on user code may run.
            sys::send_frame(sandbox.channel.as_fd(), spec.opening.as_bytes())
        })();
        if let Err(error) = specialised {
            let lost = error.kind() == io::ErrorKind::NotConnected;
            self.kill(id);
            self.stopping |= lost;
            return Err(system(error));
        }
        sandbox.label.clone_from(&spec.label);
        sandbox.lifetime = spec.lifetime;
        sandbox.owner = Some(pending.connection);
        sandbox.leased = true;
        if sandbox.pace == Pace::Idle {
            // It had not settled yet; the porter begins once the answer is sent.
            sandbox.promote_at = Some(Instant::now());
        }
        self.launched += 1;
        self.from_stock += u64::from(pending.from_stock);
        Ok((sandbox.launched(id, pending.from_stock, !spec.opening.is_empty()), Some(id)))
    }

    pub(super) fn adopt(&mut self, connection: u64, id: u64) -> Answer {
        let sandbox = self.find(id)?;
        if !sandbox.leased || sandbox.owner.is_some() {
            return Err((ErrorKind::Invalid, format!("sandbox {id} has an owner, or is in stock")));
        }
        sandbox.owner = Some(connection);
        sandbox.kill_at = None;
        Ok((sandbox.launched(id, false, true), Some(id)))
    }

    pub(super) fn kill(&mut self, id: u64) {
        if let Some(sandbox) = self.sandboxes.get_mut(&id) {
            let _ = sys::signal_pidfd(sandbox.pidfd.as_fd(), libc::SIGKILL);
            sandbox.kill_at = Some(Instant::now() + Duration::from_secs(1));
        }
    }

    /// A first process ended, and with it everything in its sandbox.
    pub(super) fn bury(&mut self, id: u64) {
        let Some(sandbox) = self.sandboxes.get(&id) else { return };
        if !sys::reap(sandbox.pidfd.as_fd()) {
            return;
        }
        let Some(mut sandbox) = self.sandboxes.remove(&id) else { return };
        self.epoll.remove(sandbox.pidfd.as_fd());
        let report = sys::read_some(sandbox.report.as_fd(), 1024);
        let setup_error = (!report.is_empty()).then(|| String::from_utf8_lossy(&report).into_owned());
        let usage = sandbox.cgroup.usage();
        self.remove_group(sandbox.cgroup.name().to_owned());
        if let Some(pending) = sandbox.pending.take() {
            let why = setup_error.clone().unwrap_or_else(|| "it ended".to_owned());
            let error = format!("the sandbox could not be set up: {why}");
            self.answer_launch(&pending, Err((ErrorKind::System, error)));
        } else if !sandbox.leased {
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

    fn remove_group(&mut self, group: String) {
        if self.cgroups.exist() {
            self.graves.insert(group.clone(), None);
            self.give(Task::Remove { group });
        }
    }

    /// Hands a task to the porter, whom somebody else replaces if he is gone.
    pub(super) fn give(&mut self, task: Task) {
        if !self.porter.give(task) {
            self.porter_lost = true;
        }
    }

    /// Answers, with the descriptors of what is handed out.
    pub(super) fn reply(&mut self, connection: u64, request: u64, answer: Answer) {
        let (body, handed) = answer.unwrap_or_else(|(kind, error)| (ReplyBody::Error { error, kind }, None));
        let reply = Reply { id: request, body };
        let Some(to) = self.connections.get_mut(&connection) else { return };
        let sent = match handed.and_then(|sandbox| self.sandboxes.get(&sandbox)) {
            Some(sandbox) => {
                let (channel, egress) = (sandbox.channel.as_fd(), sandbox.egress.as_fd());
                to.send(&reply, &[channel, sandbox.pidfd.as_fd(), egress])
            }
            None => to.send(&reply, &[]),
        };
        if !sent {
            self.disconnect(connection);
        }
    }
}
