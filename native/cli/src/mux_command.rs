//! `machine-id ssh-multiplexer-proxy-command`, as tbot's: the ProxyCommand in the `ssh_config` of an `ssh-multiplexer`. It runs
//! for every `ssh`, before anything else is started: with `ProxyUseFdpass` ssh gets the connection itself, else its bytes are
//! carried.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
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
    let stream = match connect_as_tbot(socket, target, io::stderr().as_fd()) {
        Ok(stream) => stream,
        Err(error) => {
            let socket = socket.display();
            eprintln!("machine-id: no connection to {target} by {socket}: {error}; is `machine-id start` running?");
            return ExitCode::FAILURE;
        }
    };
    match pass_on(stream) {
        Ok(()) => ExitCode::SUCCESS,
        // The daemon has said why, and didn't wait for what ssh had said.
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("machine-id: the connection to {target} ended: {error}");
            ExitCode::FAILURE
        }
    }
}

fn pass_on(stream: UnixStream) -> io::Result<()> {
    if takes_descriptors(io::stdout().as_fd()) {
        return hand_over(io::stdout().as_fd(), stream.as_fd());
    }
    // The standard library's own standard output keeps what is no whole line.
    let (mut ssh_says, mut ssh_hears) =
        (File::from(io::stdin().as_fd().try_clone_to_owned()?), File::from(io::stdout().as_fd().try_clone_to_owned()?));
    let (mut to, mut from) = (stream.try_clone()?, stream);
    // Ends with the process: ssh leaves when its host has ended.
    thread::spawn(move || {
        let _ = carry_bytes(&mut ssh_says, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    carry_bytes(&mut from, &mut ssh_hears)
}

/// By reading and writing, so not of known types: from a socket to a pipe the standard library has the kernel splice, which
/// keeps readers of the pipe waiting until more comes.
fn carry_bytes(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    io::copy(from, to).map(|_| ())
}
