//! `machine-id proxy-ssh --fdpass`, before anything else is started: it runs for every `ssh`.
//!
//! ssh waits for this program's end. Whoever keeps the identity fresh carries the connection; where nobody does, a
//! second process of ours does, at the other end of a socket pair.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, ExitCode};

use machine_id::proxy::multiplex::{Answer, connect, hand_over, takes_descriptors};

const FDPASS: &str = "--fdpass";

/// None: these are other arguments, or standard output takes no descriptors, as with clients that don't know
/// `ProxyUseFdpass`.
pub(crate) fn run() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (command, rest) = arguments.split_first()?;
    if command != "proxy-ssh" || !rest.iter().any(|word| word == FDPASS) {
        return None;
    }
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    if !takes_descriptors(stdout.as_fd()) {
        return None;
    }
    let handed_over = match parse(rest).map(|wanted| wanted.connect(stderr.as_fd())) {
        Some(Answer::Connected(stream)) => hand_over(stdout.as_fd(), stream.as_fd()),
        Some(Answer::Refused(why)) => {
            eprintln!("machine-id: {why}");
            return Some(ExitCode::FAILURE);
        }
        Some(Answer::Absent) | None => by_process(&arguments).and_then(|ours| hand_over(stdout.as_fd(), ours.as_fd())),
    };
    Some(match handed_over {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("machine-id: no connection can be passed to ssh: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Another process of this program carries the connection over standard input and output.
fn by_process(arguments: &[OsString]) -> std::io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    let output = OwnedFd::from(theirs.try_clone()?);
    Command::new(std::env::current_exe()?)
        .args(arguments.iter().filter(|word| *word != FDPASS))
        .stdin(OwnedFd::from(theirs))
        .stdout(output)
        .spawn()?;
    Ok(ours)
}

struct Wanted<'a> {
    directory: &'a Path,
    cluster: &'a str,
    host: &'a str,
    port: u16,
}

impl Wanted<'_> {
    fn connect(&self, stderr: std::os::fd::BorrowedFd<'_>) -> Answer {
        connect(self.directory, self.cluster, self.host, self.port, stderr)
    }
}

/// Reads the arguments in the one form in which `ssh_config` has them.
fn parse(arguments: &[OsString]) -> Option<Wanted<'_>> {
    let value = |name: &str| {
        arguments.iter().find_map(|word| word.as_bytes().strip_prefix(name.as_bytes())).map(OsStr::from_bytes)
    };
    let place = arguments.last()?.to_str()?;
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let (host, port) = place.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    // Labels are looked up by the other process: it may take its time.
    let host = Some(host).filter(|host| !host.contains('='))?;
    Some(Wanted {
        directory: Path::new(value("--destination-dir=")?),
        cluster: value("--cluster=")?.to_str()?,
        host,
        port: port.parse().ok()?,
    })
}
