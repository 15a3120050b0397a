//! Stopping in order: the first SIGTERM or SIGINT asks, the second ends at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that fires on the first stop signal. A second signal ends the process with
/// code 130. Must be called within a tokio runtime.
pub fn on_signals() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if token.is_cancelled() {
                tracing::warn!("second stop signal: ending at once");
                std::process::exit(130);
            }
            token.cancel();
        }
    });
    Ok(stop)
}
