//! How many requests are taken: of a function together, and of each client that nobody knows.

use std::net::IpAddr;
use std::time::Duration;

use nova_domain::http::HttpRates;
use nova_domain::{Code, Fault, FaultResult, FunctionId};
use nova_kit::rate::{Rate, Rates, client_of};

/// What was taken so far, by this server.
pub(super) struct Taken {
    /// For functions that say nothing.
    default: HttpRates,
    functions: Rates<FunctionId>,
    clients: Rates<(FunctionId, IpAddr)>,
}

impl Taken {
    pub(super) fn new(default: HttpRates) -> Self {
        Self { default, functions: Rates::new(), clients: Rates::new() }
    }

    /// Counts a request of a client. One whose address is not known is not counted.
    pub(super) fn count_client(
        &self,
        function: &FunctionId,
        rates: &HttpRates,
        address: Option<IpAddr>,
    ) -> FaultResult<()> {
        let rate = rates.client.or(self.default.client).and_then(Rate::per_second);
        let (Some(rate), Some(address)) = (rate, address) else { return Ok(()) };
        let taken = self.clients.take((function.clone(), client_of(address)), rate);
        taken.map_err(|wait| refused("client", "this client sends more requests than it may", wait))
    }

    /// Counts a request that is let in.
    pub(super) fn count(&self, function: &FunctionId, rates: &HttpRates) -> FaultResult<()> {
        let Some(rate) = rates.all.or(self.default.all).and_then(Rate::per_second) else { return Ok(()) };
        let taken = self.functions.take(function.clone(), rate);
        taken.map_err(|wait| refused("function", "more requests come to this address than it takes", wait))
    }
}

fn refused(limit: &'static str, text: &str, wait: Duration) -> Fault {
    metrics::counter!("nova_content_limited_total", "limit" => limit).increment(1);
    let wait = wait.max(Duration::from_secs(1));
    Fault::new(Code::ResourceExhausted, format!("{text}; wait as `Retry-After` says")).with_retry_after(wait)
}
