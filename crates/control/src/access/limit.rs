//! How often a sign-in may be tried, per address and per account, in bounded memory.

use std::net::IpAddr;
use std::time::Duration;

use nova_domain::{Code, Fault, FaultResult};
use nova_kit::rate::{Rate, Rates, client_of};

use super::settings::AccessSettings;

/// What an attempt is counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Attempt {
    Address(IpAddr),
    /// An e-mail address, whether or not there is such a user.
    Account(String),
}

impl Attempt {
    /// The attempt of a peer.
    pub fn from(address: IpAddr) -> Self {
        Self::Address(client_of(address))
    }
}

pub(super) struct Attempts {
    rate: Option<Rate>,
    taken: Rates<Attempt>,
}

impl Attempts {
    pub(super) fn new(settings: &AccessSettings) -> Self {
        Self { rate: Rate::per_minute(settings.attempts_per_minute.max(1)), taken: Rates::new() }
    }

    /// Counts an attempt; too many are refused before anything is looked at.
    pub(super) fn count(&self, attempt: Attempt) -> FaultResult<()> {
        let Some(rate) = self.rate else { return Ok(()) };
        self.taken.take(attempt, rate).map_err(|wait| {
            metrics::counter!("nova_sign_ins_total", "result" => "limited").increment(1);
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
