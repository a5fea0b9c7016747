//! Whether threads can be had. Libraries that start their own panic where there are none.

use std::io;
use std::sync::mpsc;
use std::thread;

/// Starts so many threads at once, and ends them again. The error is the system's.
pub(crate) fn try_start(count: usize) -> io::Result<()> {
    let mut started = Vec::with_capacity(count.min(1_024));
    let mut holds = Vec::with_capacity(count.min(1_024));
    let mut result = Ok(());
    for _ in 0..count {
        let (hold, until_dropped) = mpsc::channel::<()>();
        match thread::Builder::new().spawn(move || until_dropped.recv().is_err()) {
            Ok(thread) => started.push(thread),
            Err(error) => {
                result = Err(error);
                break;
            }
        }
        holds.push(hold);
    }
    drop(holds);
    for thread in started {
        // It only waited.
        let _ = thread.join();
    }
    result
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_few_threads_can_be_had() {
        assert!(super::try_start(8).is_ok());
    }
}
