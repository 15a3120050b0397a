//! Code of functions.

pub(super) mod files;
mod form;
pub(super) mod get;
pub(super) mod replace;

use http::{HeaderMap, header};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Large uploads at once: each is in memory as a whole, so their number bounds the memory.
static UPLOADS: Semaphore = Semaphore::const_new(4);
/// Up to this size a body needs no slot.
const SMALL: u64 = 1024 * 1024;

/// Waits for a slot if the body is large, or does not say how large it is. The slot is held until dropped.
pub(in crate::routes) async fn upload_slot(headers: &HeaderMap) -> Option<SemaphorePermit<'static>> {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length <= SMALL) {
        return None;
    }
    UPLOADS.acquire().await.ok()
}

/// Text if the bytes are text; archives and executables are none.
fn as_text(bytes: &[u8]) -> Option<String> {
    if bytes.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}
