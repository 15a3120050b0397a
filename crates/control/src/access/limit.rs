//! How often a sign-in may be tried, per address and per account, in bounded memory.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::sync::Cache;
use nova_domain::{Code, Fault, FaultResult};

use super::settings::AccessSettings;

/// Addresses and accounts that are remembered; whoever makes more only forgets the oldest.
const REMEMBERED: u64 = 50_000;

/// What an attempt is counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Attempt {
    Address(IpAddr),
    /// An e-mail address, whether or not there is such a user.
    Account(String),
}

impl Attempt {
    /// The attempt of a peer. Of IPv6 the network counts: one host has a whole /64.
    pub fn from(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let mut parts = v6.segments();
                parts[4..].fill(0);
                IpAddr::from(parts)
            }
            v4 => v4,
        })
    }
}

pub(super) struct Attempts {
    quota: Quota,
    limiters: Cache<Attempt, Arc<DefaultDirectRateLimiter>>,
}

impl Attempts {
    pub(super) fn new(settings: &AccessSettings) -> Self {
        let per_minute = NonZeroU32::new(settings.attempts_per_minute).unwrap_or(NonZeroU32::MIN);
        let limiters =
            Cache::builder().max_capacity(REMEMBERED).time_to_idle(Duration::from_secs(600)).build();
        Self { quota: Quota::per_minute(per_minute), limiters }
    }

    /// Counts an attempt; too many are refused before anything is looked at.
    pub(super) fn count(&self, attempt: Attempt) -> FaultResult<()> {
        let limiter = self.limiters.get_with(attempt, || Arc::new(RateLimiter::direct(self.quota)));
        limiter.check().map_err(|not_until| {
            metrics::counter!("nova_sign_ins_total", "result" => "limited").increment(1);
            let wait = not_until.wait_time_from(governor::clock::DefaultClock::default().now());
            Fault::new(
                Code::ResourceExhausted,
                "too many sign-ins were tried from this address or for this account; wait a moment",
            )
            .with_retry_after(wait.max(Duration::from_secs(1)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_and_each_account_has_its_own_allowance() {
        let settings = AccessSettings { attempts_per_minute: 3, ..AccessSettings::default() };
        let attempts = Attempts::new(&settings);
        let from = |text: &str| Attempt::from(text.parse().expect("an address"));
        for _ in 0..3 {
            attempts.count(from("10.0.0.1")).expect("allowed");
        }
        let fault = attempts.count(from("10.0.0.1")).expect_err("too many");
        assert_eq!(fault.code(), Code::ResourceExhausted);
        assert!(fault.retry_after().is_some());
        attempts.count(from("10.0.0.2")).expect("another address");
        attempts.count(Attempt::Account("ada@example.com".into())).expect("an account");
        assert_eq!(from("::ffff:10.0.0.1"), from("10.0.0.1"));
        assert_eq!(from("2001:db8:1:2:3::4"), from("2001:db8:1:2:ffff::1"));
        assert_ne!(from("2001:db8:1:2::1"), from("2001:db8:1:3::1"));
    }
}
