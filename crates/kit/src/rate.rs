//! How often something may happen, for each of many keys, in bounded memory.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::sync::Cache;

/// Keys that are remembered; whoever brings more only forgets those that were used longest ago.
const REMEMBERED: u64 = 50_000;
/// After this a key that was not used is forgotten.
const FORGET: Duration = Duration::from_secs(600);

/// How often, within which time. As many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(Quota);

impl Rate {
    /// `None` for 0.
    pub fn per_second(count: u32) -> Option<Self> {
        NonZeroU32::new(count).map(|count| Self(Quota::per_second(count)))
    }

    /// `None` for 0.
    pub fn per_minute(count: u32) -> Option<Self> {
        NonZeroU32::new(count).map(|count| Self(Quota::per_minute(count)))
    }
}

/// An allowance for each key.
pub struct Rates<K> {
    limiters: Cache<K, Limiter>,
}

#[derive(Clone)]
struct Limiter {
    rate: Rate,
    inner: Arc<DefaultDirectRateLimiter>,
}

impl Limiter {
    fn new(rate: Rate) -> Self {
        Self { rate, inner: Arc::new(RateLimiter::direct(rate.0)) }
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Rates<K> {
    pub fn new() -> Self {
        Self { limiters: Cache::builder().max_capacity(REMEMBERED).time_to_idle(FORGET).build() }
    }

    /// Takes one from the allowance of `key`; if none is left, the time until there is one. A key whose
    /// rate changed begins anew.
    pub fn take(&self, key: K, rate: Rate) -> Result<(), Duration> {
        let mut limiter = self.limiters.get_with_by_ref(&key, || Limiter::new(rate));
        if limiter.rate != rate {
            limiter = Limiter::new(rate);
            self.limiters.insert(key, limiter.clone());
        }
        let taken = limiter.inner.check();
        taken.map_err(|until| until.wait_time_from(governor::clock::DefaultClock::default().now()))
    }
}

/// The address that a client is counted by. Of IPv6 that is the network: one host has a whole /64.
pub fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let mut parts = v6.segments();
            parts[4..].fill(0);
            IpAddr::from(parts)
        }
        v4 => v4,
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Default for Rates<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_an_allowance_of_its_own_and_a_new_rate_begins_anew() {
        let rates = Rates::new();
        let slow = Rate::per_minute(3).expect("a rate");
        for _ in 0..3 {
            rates.take("a", slow).expect("left");
        }
        let wait = rates.take("a", slow).expect_err("none left");
        assert!(wait > Duration::from_secs(10) && wait <= Duration::from_secs(20), "{wait:?}");
        rates.take("b", slow).expect("another key");
        rates.take("a", Rate::per_minute(4).expect("a rate")).expect("another rate");
        assert!(Rate::per_second(0).is_none());
    }
}
