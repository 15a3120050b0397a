//! Memory that a burst of calls needed and that nobody needs any more goes back to the system.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// Free bytes within the heap that are worth the work.
const WORTH: usize = 1024 * 1024;

/// Until `stop` fires. The allocator keeps what is freed below something that is still in use;
/// the kernel gets those pages back here.
pub(super) async fn give_back(stop: CancellationToken) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut before, mut worked) = (free_bytes(), true);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let free = free_bytes();
        // While it changes there is work, which needs it again at once.
        let quiet = free.abs_diff(before) < WORTH / 4;
        before = free;
        worked |= !quiet;
        if quiet && worked && free >= WORTH {
            worked = false;
            // SAFETY: no arguments that could be wrong; it locks the arenas by itself.
            unsafe { libc::malloc_trim(0) };
        }
    }
}

/// Bytes in the heap that nothing uses, over all arenas.
fn free_bytes() -> usize {
    // SAFETY: no arguments.
    unsafe { libc::mallinfo2() }.fordblks
}
