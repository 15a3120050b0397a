//! What a function did on the network: counted for metrics and held against its limits.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge};

use super::EgressSettings;

const HOUR: Duration = Duration::from_secs(3600);

/// Over all sandboxes of one function on this node.
pub(super) struct Account {
    limits: Mutex<Limits>,
    connects_per_second: f64,
    bytes_per_hour: u64,
    sent: Counter,
    received: Counter,
    open: Gauge,
    opened: Counter,
    refused: Counter,
    failed: Counter,
    limited: Counter,
}

#[derive(Debug)]
struct Limits {
    /// Connections that may be made now.
    tokens: f64,
    filled_at: Instant,
    /// Bytes since then.
    bytes: u64,
    hour_began: Instant,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    Opened,
    /// By the policy.
    Refused,
    /// The other side, or the way there.
    Failed,
    /// By a limit.
    Limited,
}

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Out,
    In,
}

impl Account {
    pub(super) fn new(label: &str, settings: &EgressSettings) -> Self {
        let attempts = |outcome: &'static str| metrics::counter!("nova_egress_connections_total", "function" => label.to_owned(), "outcome" => outcome);
        let bytes = |direction: &'static str| metrics::counter!("nova_egress_bytes_total", "function" => label.to_owned(), "direction" => direction);
        let now = Instant::now();
        let connects_per_second = f64::from(settings.connects_per_second);
        let tokens = 2.0 * connects_per_second;
        Self {
            limits: Mutex::new(Limits { tokens, filled_at: now, bytes: 0, hour_began: now }),
            connects_per_second,
            bytes_per_hour: settings.bytes_per_hour,
            sent: bytes("out"),
            received: bytes("in"),
            open: metrics::gauge!("nova_egress_connections"),
            opened: attempts("opened"),
            refused: attempts("refused"),
            failed: attempts("failed"),
            limited: attempts("limited"),
        }
    }

    fn limits(&self) -> std::sync::MutexGuard<'_, Limits> {
        // The limits are consistent between any two statements under this lock.
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more connection may be made now.
    pub(super) fn may_connect(&self) -> Result<(), String> {
        let mut limits = self.limits();
        let now = Instant::now();
        let earned = now.duration_since(limits.filled_at).as_secs_f64() * self.connects_per_second;
        limits.tokens = (limits.tokens + earned).min(2.0 * self.connects_per_second);
        limits.filled_at = now;
        if limits.tokens < 1.0 {
            return Err(format!("more than {} new connections a second", self.connects_per_second));
        }
        if self.bytes_per_hour > 0
            && limits.hour_began.elapsed() < HOUR
            && limits.bytes >= self.bytes_per_hour
        {
            return Err(self.bytes_text());
        }
        limits.tokens -= 1.0;
        Ok(())
    }

    fn bytes_text(&self) -> String {
        format!("more than {} MiB in an hour", self.bytes_per_hour >> 20)
    }

    pub(super) fn count(&self, attempt: Attempt) {
        match attempt {
            Attempt::Opened => &self.opened,
            Attempt::Refused => &self.refused,
            Attempt::Failed => &self.failed,
            Attempt::Limited => &self.limited,
        }
        .increment(1);
    }

    /// Counts bytes that pass; `Err` says which limit they are over.
    pub(super) fn pass(&self, direction: Direction, count: usize) -> Result<(), String> {
        let bytes = count as u64;
        match direction {
            Direction::Out => self.sent.increment(bytes),
            Direction::In => self.received.increment(bytes),
        }
        if self.bytes_per_hour == 0 {
            return Ok(());
        }
        let mut limits = self.limits();
        if limits.hour_began.elapsed() >= HOUR {
            (limits.hour_began, limits.bytes) = (Instant::now(), 0);
        }
        limits.bytes += bytes;
        if limits.bytes > self.bytes_per_hour { Err(self.bytes_text()) } else { Ok(()) }
    }

    /// Counts a connection as open until the guard is dropped.
    pub(super) fn hold(&self) -> impl Drop + use<> {
        struct Open(Gauge);
        impl Drop for Open {
            fn drop(&mut self) {
                self.0.decrement(1);
            }
        }
        self.open.increment(1);
        Open(self.open.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_connections_are_limited_by_rate_and_bytes_by_the_hour() {
        let settings =
            EgressSettings { connects_per_second: 5, bytes_per_hour: 1 << 20, ..EgressSettings::default() };
        let account = Account::new("f", &settings);
        assert_eq!((0..20).filter(|_| account.may_connect().is_ok()).count(), 10);
        std::thread::sleep(Duration::from_millis(450));
        assert!(account.may_connect().is_ok());
        assert!(account.pass(Direction::Out, 1 << 19).is_ok());
        assert!(account.pass(Direction::In, 1 << 19).is_ok());
        assert!(account.pass(Direction::In, 1).expect_err("over").contains("1 MiB"));
        std::thread::sleep(Duration::from_millis(250));
        assert!(account.may_connect().is_err(), "nor another connection");
    }
}
