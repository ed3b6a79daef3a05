//! Text for whoever reads standard output: `println!` would panic when it has gone, as in `machine-id status | head -1`.

use std::io::{ErrorKind, Write};

use machine_id::error::{Code, Error};

/// Writes `text` and a line feed. That nobody wants to read on is no failure.
pub(crate) fn say(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(Code::Internal, format!("cannot write to standard output: {error}"), ""))
        }
        _ => Ok(()),
    }
}
