//! What the host sends: Init, calls, and the end of them.

use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use super::errors::{not_begun, protocol_error};
use super::{Agent, STDERR, STDIN, STDOUT, to_json, token_of};
use crate::guest::call::{Call, Place, Stopped};
use crate::guest::logs::LogBuffer;
use crate::guest::sys::{self, READ, WRITE};
use crate::protocol::{Exec, GuestError, GuestMode, HostMessage, INIT_ID, Init, PROTOCOL_VERSION, Resp};

/// How long a cancelled handler may take to end by itself.
const CANCEL_GRACE: Duration = Duration::from_millis(100);
/// Calls at once that a sandbox takes at most, whatever Init says.
const CALLS_MAX: usize = 1000;

impl Agent {
    pub(super) fn on_host(&mut self, ready: u32) -> io::Result<()> {
        if ready & WRITE != 0 {
            self.host.flush()?;
        }
        if ready & !WRITE == 0 {
            return Ok(());
        }
        if !self.host.fill()? {
            self.finished = true;
            return Ok(());
        }
        loop {
            let frame = match self.host.frames().next_frame() {
                Ok(Some(frame)) => frame.to_vec(),
                Ok(None) => return Ok(()),
                Err(error) => return Err(io::Error::other(error)),
            };
            match HostMessage::parse(&frame) {
                Ok(HostMessage::Exec(exec)) => self.on_exec(&exec, &frame)?,
                Ok(HostMessage::Init(init)) => self.on_init(init, &frame)?,
                Ok(HostMessage::Ping) => self.on_ping()?,
                Ok(HostMessage::Cancel(cancel)) => self.on_cancel(&cancel.request_id)?,
                Ok(HostMessage::Watch(watch)) => self.on_watch(&watch),
                Ok(HostMessage::End(end)) => self.on_end(&end)?,
                Ok(HostMessage::Stop) => self.stop_sandbox(),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    pub(super) fn on_init(&mut self, init: Box<Init>, frame: &[u8]) -> io::Result<()> {
        if init.protocol != PROTOCOL_VERSION {
            let message = format!("agent speaks protocol {PROTOCOL_VERSION}, host {}", init.protocol);
            return self.answer_init(Some(protocol_error(message)));
        }
        self.egress.open(&init.function, &init.egress_ports, &self.epoll)?;
        match (init.mode, &mut self.runtime) {
            (GuestMode::Handler, Some(runtime)) => {
                // The runtime is started before its limit is known.
                sys::limit_file_size(runtime.pid, init.file_size)?;
                runtime.conn.send(frame)?;
                self.initialising = true;
                self.init = Some(init);
                Ok(())
            }
            (GuestMode::Handler, None) => {
                let message = "this sandbox has no runtime, or it ended before it was used".to_owned();
                self.answer_init(Some(protocol_error(message)))
            }
            (GuestMode::Process, _) => {
                self.init = Some(init);
                self.answer_init(None)
            }
        }
    }

    pub(super) fn answer_init(&mut self, error: Option<GuestError>) -> io::Result<()> {
        let mut resp = Resp::new(INIT_ID);
        resp.fatal = error.is_some();
        resp.error = error;
        resp.logs = self.stray.take();
        self.host.send(&to_json(&resp))
    }

    pub(super) fn on_exec(&mut self, exec: &Exec<'_>, frame: &[u8]) -> io::Result<()> {
        let refused = match &self.init {
            None => Some(protocol_error("a call came before Init".to_owned())),
            Some(_) if self.init_error.is_some() => self.init_error.clone(),
            Some(init) if self.calls.len() >= (init.concurrency as usize).min(CALLS_MAX) => {
                Some(protocol_error("more calls at once than this sandbox takes".to_owned()))
            }
            Some(_) if self.calls.iter().any(|call| call.id == exec.request_id) => {
                Some(protocol_error("a call of this id is running".to_owned()))
            }
            Some(_) => None,
        };
        if let Some(error) = refused {
            let mut resp = Resp::new(exec.request_id.as_ref());
            resp.error = Some(error);
            resp.fatal = self.init_error.is_some();
            return self.host.send(&to_json(&resp));
        }
        let place = if self.init.as_ref().is_some_and(|init| init.mode == GuestMode::Process) {
            match self.start_process(exec) {
                Ok(process) => Place::Process(Box::new(process)),
                Err(error) => {
                    let mut resp = Resp::new(exec.request_id.as_ref());
                    resp.error = Some(self.start_error(&error));
                    return self.host.send(&to_json(&resp));
                }
            }
        } else {
            if !self.send_to_shim(frame) && !self.initialising {
                let mut resp = Resp::new(exec.request_id.as_ref());
                resp.error = Some(not_begun());
                resp.fatal = true;
                return self.host.send(&to_json(&resp));
            }
            Place::Runtime
        };
        self.numbers += 1;
        self.egress.forget_notes();
        let started = Instant::now();
        let mut call = Call {
            number: self.numbers,
            id: exec.request_id.as_ref().to_owned(),
            place,
            stream: exec.stream,
            started,
            deadline: started + Duration::from_millis(exec.timeout_ms.min(3_600_000)),
            timeout_ms: exec.timeout_ms,
            log: LogBuffer::default(),
            stopped: None,
        };
        call.log.prepend(std::mem::take(&mut self.stray));
        if let Place::Process(process) = &call.place {
            let reading = if self.paused { 0 } else { READ };
            for (fd, which, interest) in [
                (&process.stdin, STDIN, WRITE),
                (&process.stdout, STDOUT, reading),
                (&process.stderr, STDERR, READ),
            ] {
                if let Some(fd) = fd {
                    self.epoll.add(fd.as_raw_fd(), token_of(call.number, which), interest)?;
                }
            }
        }
        self.calls.push(call);
        Ok(())
    }

    pub(super) fn on_cancel(&mut self, id: &str) -> io::Result<()> {
        let Some(index) = self.calls.iter().position(|call| call.id == id) else { return Ok(()) };
        let alone = self.calls.len() == 1;
        let call = &mut self.calls[index];
        match &call.place {
            Place::Process(_) => self.stop_call(index, Stopped::Cancelled).map(drop),
            // The runtime cannot be told to end one of several calls: its answer is dropped.
            Place::Runtime | Place::Direct if !alone => self.stop_call(index, Stopped::Cancelled).map(drop),
            Place::Runtime | Place::Direct => {
                call.stopped = Some(Stopped::Cancelled);
                call.deadline = call.deadline.min(Instant::now() + CANCEL_GRACE);
                Ok(())
            }
        }
    }
}
