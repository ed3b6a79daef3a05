//! `machine-id ssh-multiplexer-proxy-command`, as tbot's: the ProxyCommand in the `ssh_config` of an `ssh-multiplexer`. It runs
//! for every `ssh`, before anything else is started: with `ProxyUseFdpass` ssh gets the connection itself, else its bytes are
//! carried.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use machine_id::proxy::multiplex::{connect_as_tbot, hand_over, takes_descriptors};

/// tbot's name of it.
pub(crate) const NAME: &str = "ssh-multiplexer-proxy-command";

/// None: this is another command, or one that has to be explained.
pub(crate) fn run() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [command, socket, target] = arguments.as_slice() else { return None };
    if command != NAME {
        return None;
    }
    Some(carry(Path::new(socket), target.to_str()?))
}

/// Has `target`, as `ssh_config` has it, connected by whoever serves `socket`.
pub(crate) fn carry(socket: &Path, target: &str) -> ExitCode {
    match connect_as_tbot(socket, target, io::stderr().as_fd()).and_then(pass_on) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let socket = socket.display();
            eprintln!("machine-id: no connection to {target} by {socket}: {error}; is `machine-id start` running?");
            ExitCode::FAILURE
        }
    }
}

fn pass_on(stream: UnixStream) -> io::Result<()> {
    if takes_descriptors(io::stdout().as_fd()) {
        return hand_over(io::stdout().as_fd(), stream.as_fd());
    }
    let mut to = stream.try_clone()?;
    let mut from = stream;
    // Ends with the process: ssh leaves when its host has ended.
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    io::copy(&mut from, &mut io::stdout().lock()).map(|_| ())
}
