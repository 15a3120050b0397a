//! Looking up names: a seam, because tests need names that change their address.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;

/// Look-ups at once; each takes a thread.
const LOOKUPS_MAX: usize = 32;
/// How long one may take.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Finds the addresses of names.
#[async_trait]
pub trait Resolve: Send + Sync + Debug {
    /// The addresses of `name`; none if there is no such name. `Err`: it could not be asked.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The host's own resolver.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    places: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(LOOKUPS_MAX)) }
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let ask = async {
            let _place = self.places.acquire().await.map_err(io::Error::other)?;
            match tokio::net::lookup_host((name, 0)).await {
                Ok(found) => Ok(found.map(|address| address.ip()).collect()),
                // The library does not tell "no such name" from "no answer" by kind, only in words.
                Err(error) if error.to_string().contains("not known") => Ok(Vec::new()),
                Err(error) if error.to_string().contains("No address associated") => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        };
        tokio::time::timeout(TIMEOUT, ask).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}
