//! Work that waits for a disk, which may be another machine's.

use std::io;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;

/// How long is waited before each further try.
const WAITS: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800)];

/// Runs `work` where it may wait for a disk.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}

/// Does `work`, which must do no harm when it is done twice, again while a file server says that it lost sight of a file.
pub(super) fn retried<T>(work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    retried_after(&WAITS, work)
}

fn retried_after<T>(waits: &[Duration], mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for wait in waits {
        match work() {
            Err(error) if may_pass(&error) => thread::sleep(*wait),
            done => return done,
        }
    }
    work()
}

fn may_pass(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::STALE | Errno::IO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_is_tried_again_a_few_times_and_nothing_else_is() {
        let tries = |failures: Vec<Errno>| {
            let (mut left, mut tried) = (failures.into_iter(), 0);
            let ended = retried_after(&[Duration::ZERO; 3], || {
                tried += 1;
                left.next().map_or(Ok(()), |errno| Err(errno.into()))
            });
            (ended.is_ok(), tried)
        };
        assert_eq!(tries(vec![]), (true, 1));
        assert_eq!(tries(vec![Errno::STALE, Errno::IO, Errno::STALE]), (true, 4));
        assert_eq!(tries(vec![Errno::STALE; 4]), (false, 4));
        assert_eq!(tries(vec![Errno::NOSPC]), (false, 1));
    }
}
