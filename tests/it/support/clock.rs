//! Keeps a paused clock from running away from real sockets.

use std::thread;
use std::time::Duration;

/// So much of the paused clock passes at a time at most …
const STEP: Duration = Duration::from_secs(1);
/// … and takes as long as this in truth.
const PAUSE: Duration = Duration::from_millis(1);

/// From now on a paused clock of this runtime runs a thousand times as fast as the real one, and no faster.
///
/// Left to itself it leaps to the next timer whenever all tasks wait, be it for a byte that the kernel has not handed over
/// yet: what was cut then looks stalled. Nothing is waited for here but that.
#[expect(clippy::disallowed_methods, reason = "it belongs to the runtime of the test, and ends with it")]
pub fn pace() {
    tokio::spawn(async {
        loop {
            tokio::time::sleep(STEP).await;
            // The clock stands still for as long as such work is under way.
            if tokio::task::spawn_blocking(|| thread::sleep(PAUSE)).await.is_err() {
                return;
            }
        }
    });
}
