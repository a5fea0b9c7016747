//! What is asked of the server besides the clients' operations: before a load and after it.
//!
//! Each reply is waited for under a deadline, but several of them in a row would keep those waiting who want the load to
//! end. So it is asked on a thread that is left behind where that takes too long.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::world::control::Control;
use crate::world::error::Error;

/// How often it is looked whether the load is to end.
const LOOK: Duration = Duration::from_millis(20);
/// How much longer all of it may take once the user has stopped the load.
const AFTER_INTERRUPT: Duration = Duration::from_millis(600);
/// And once something else has.
const AFTER_STOP: Duration = Duration::from_secs(2);

/// Does some of it. Nothing is given where the load is to end (or was `stopped` before) and it takes too long.
pub(super) fn attended<T: Send + 'static>(
    control: &Control,
    stopped: bool,
    ask: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Error> {
    let (give, given) = mpsc::channel();
    let asking = thread::Builder::new().name("load-server".into()).spawn(move || {
        // Nobody takes it any more where it came too late.
        let _ = give.send(ask());
    });
    let asking = asking.map_err(Error::Threads)?;
    let mut ending = None;
    loop {
        match given.recv_timeout(LOOK) {
            Ok(answer) => return Ok(Some(answer)),
            Err(RecvTimeoutError::Disconnected) => match asking.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Ok(None),
            },
            Err(RecvTimeoutError::Timeout) => {
                let Some(patience) = patience(control, stopped) else { continue };
                if ending.get_or_insert_with(Instant::now).elapsed() >= patience {
                    return Ok(None);
                }
            }
        }
    }
}

/// How much longer it may take, if the load is to end.
fn patience(control: &Control, stopped: bool) -> Option<Duration> {
    if control.interrupted.load(Ordering::Relaxed) {
        Some(AFTER_INTERRUPT)
    } else {
        (stopped || control.bound(0).is_some()).then_some(AFTER_STOP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_waited_for_until_the_load_is_to_end() {
        let control = Control::default();
        let late = || thread::sleep(AFTER_INTERRUPT / 4);
        assert!(matches!(attended(&control, false, late), Ok(Some(()))));
        control.interrupted.store(true, Ordering::Relaxed);
        assert!(matches!(attended(&control, false, late), Ok(Some(()))));
        let began = Instant::now();
        let never = || thread::sleep(Duration::from_secs(60));
        assert!(matches!(attended(&control, false, never), Ok(None)));
        assert!((AFTER_INTERRUPT..AFTER_STOP).contains(&began.elapsed()));
    }
}
