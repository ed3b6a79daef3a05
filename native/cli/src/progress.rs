//! A line on the terminal for whatever takes longer than a second.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// Runs `work`; after a second a line on standard error, if that is a terminal, says what is going on.
pub(crate) async fn shown<T>(what: &str, work: impl Future<Output = T>) -> T {
    let visible = std::io::stderr().is_terminal();
    tokio::pin!(work);
    let second = Duration::from_secs(1);
    let mut ticks = interval_at(Instant::now() + second, second);
    let mut seconds = 0_u32;
    loop {
        tokio::select! {
            result = &mut work => {
                if visible && seconds > 0 {
                    write("\r\x1b[K");
                }
                return result;
            }
            _ = ticks.tick(), if visible => {
                seconds += 1;
                write(&format!("\r\x1b[K{what} … {seconds} s"));
            }
        }
    }
}

fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // A terminal that is gone is no reason to fail.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
