//! Ends of calls, and their answers.

use std::io;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use super::Agent;
use super::errors::stop_error;
use crate::guest::call::{Call, Place, Stopped};
use crate::guest::{sys, tree};
use crate::protocol::{GuestError, Resp};

impl Agent {
    /// Ends a call before its time. Whether it is gone from the list.
    pub(super) fn stop_call(&mut self, index: usize, why: Stopped) -> io::Result<bool> {
        let alone = self.calls.len() == 1;
        let call = &mut self.calls[index];
        call.stopped = Some(why);
        match &call.place {
            Place::Process(process) => {
                let pid = process.pid;
                // Once killed, its end comes by SIGCHLD.
                call.deadline = Instant::now() + Duration::from_secs(3600);
                if alone && self.runtime.is_none() {
                    sys::kill_everyone_else();
                } else {
                    for pid in tree::descendants(pid) {
                        sys::kill(pid, libc::SIGKILL);
                    }
                }
                Ok(false)
            }
            Place::Runtime | Place::Direct if alone => {
                sys::kill_everyone_else();
                self.finish_runtime_output();
                let call = self.calls.remove(index);
                let error = stop_error(why, &call);
                // Taken out: the runtime's end is no news then.
                self.runtime = None;
                self.init_error = Some(error.clone());
                if std::mem::take(&mut self.initialising) {
                    self.answer_init(Some(error.clone()))?;
                }
                self.answer(call, None, Some(error), true)?;
                Ok(true)
            }
            // Others run in the same runtime: it is used no more, but may end their calls.
            Place::Runtime | Place::Direct => {
                let call = self.calls.remove(index);
                let error = stop_error(why, &call);
                self.answer(call, None, Some(error), true)?;
                Ok(true)
            }
        }
    }

    pub(super) fn answer(
        &mut self,
        mut call: Call,
        output: Option<&RawValue>,
        error: Option<GuestError>,
        fatal: bool,
    ) -> io::Result<()> {
        let mut resp = Resp::new(call.id.as_str());
        resp.exec_us = call.started.elapsed().as_micros() as u64;
        resp.output = output;
        resp.error = error;
        resp.fatal = fatal;
        resp.logs = call.log.take();
        resp.logs_dropped = call.log.dropped();
        self.send_answer(resp)
    }
}
