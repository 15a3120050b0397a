//! How often and when a job is tried again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultResult};

/// Largest values of [`RetrySettings`]: an hour, a day, a week.
const MAX_ATTEMPTS: u32 = 20;
const BACKOFF_BASE_MS: u64 = 3_600_000;
const BACKOFF_MAX_MS: u64 = 86_400_000;
const MAX_AGE_S: u64 = 604_800;

/// Waiting times are spread by so much of themselves, up and down, so that jobs that failed together do
/// not come back together.
const SPREAD: f64 = 0.25;

/// How often and when a job is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrySettings {
    /// Attempts in all, 1 to 20; one that did not reach the function does not count.
    pub max_attempts: u32,
    /// Wait after the first failure, milliseconds, at most an hour; doubled with each further one.
    pub backoff_base_ms: u64,
    /// Longest wait, milliseconds; at most a day.
    pub backoff_max_ms: u64,
    /// Age at which no further attempt is begun, seconds; at most a week.
    pub max_age_s: u64,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self { max_attempts: 3, backoff_base_ms: 1_000, backoff_max_ms: 60_000, max_age_s: 6 * 3600 }
    }
}

impl RetrySettings {
    /// Checks what a user gave.
    pub fn validated(self) -> FaultResult<Self> {
        check("max_attempts", u64::from(self.max_attempts), 1, u64::from(MAX_ATTEMPTS))?;
        check("backoff_base_ms", self.backoff_base_ms, 0, BACKOFF_BASE_MS)?;
        check("backoff_max_ms", self.backoff_max_ms, 0, BACKOFF_MAX_MS)?;
        check("max_age_s", self.max_age_s, 1, MAX_AGE_S)?;
        if self.backoff_max_ms < self.backoff_base_ms {
            let rule = format!("at least backoff_base_ms, which is {}", self.backoff_base_ms);
            return Err(
                Fault::invalid(format!("backoff_max_ms must be {rule}")).with_field("backoff_max_ms", rule)
            );
        }
        Ok(self)
    }

    /// The wait after the `failures`th failure in a row (from 1); `chance` from 0 to 1 spreads it.
    pub fn backoff(&self, failures: u32, chance: f64) -> Duration {
        let doubled = 1u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
        let wait = self.backoff_base_ms.saturating_mul(doubled).min(self.backoff_max_ms);
        let spread = 1.0 + SPREAD * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
        Duration::from_micros((wait as f64 * 1000.0 * spread) as u64)
    }

    pub(super) fn max_age_micros(&self) -> i64 {
        i64::try_from(self.max_age_s.saturating_mul(1_000_000)).unwrap_or(i64::MAX)
    }
}

fn check(name: &str, value: u64, low: u64, high: u64) -> FaultResult<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let rule = format!("{low} to {high}");
    Err(Fault::invalid(format!("{name} must be {rule}, is {value}")).with_field(name, rule))
}
