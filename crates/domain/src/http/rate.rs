//! How many requests of the content listener a function takes.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultResult};

/// Most requests in a second that can be said.
pub const RATE_MAX: u32 = 1_000_000;

/// Requests in a second that a function takes; `None`: what the server says, 0: any number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpRates {
    /// Of everybody together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<u32>,
    /// Of one client that nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
}

impl HttpRates {
    /// Whether it is as the server says.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Itself, if both are in bounds.
    pub fn validated(self) -> FaultResult<Self> {
        for (field, rate) in [("http_rate", self.all), ("http_client_rate", self.client)] {
            if let Some(rate) = rate.filter(|rate| *rate > RATE_MAX) {
                let rule = format!("must be 0 (any number) to {RATE_MAX}, is {rate}");
                return Err(Fault::invalid(format!("{field} {rule}")).with_field(field, rule));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_bound_and_none_is_what_the_server_says() {
        assert!(HttpRates::default().validated().expect("good").is_default());
        let most = HttpRates { all: Some(RATE_MAX), client: Some(0) };
        assert_eq!(most.validated().expect("good"), most);
        let fault = HttpRates { client: Some(RATE_MAX + 1), ..most }.validated().expect_err("too many");
        assert!(fault.message().contains("http_client_rate"), "{fault}");
    }
}
