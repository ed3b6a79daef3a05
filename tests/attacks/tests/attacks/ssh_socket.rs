//! A daemon with a socket for SSH connections, and hostile clients of it.

use std::io::{self, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Outcome, Process, program, users};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use nix::sys::socket::sockopt::Linger;
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, UnixAddr, connect, sendmsg, setsockopt, socket,
};
use teleport_double::Point;

/// How long a server that isn't held up may take for its first byte.
const ALIVE: Duration = Duration::from_secs(10);

/// A cluster with a node, and a daemon with the destinations `out` and `out2`.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) machine: Machine,
    pub(crate) daemon: Process,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with_files(16384)
    }

    /// The daemon may open so many files.
    pub(crate) fn with_files(files: u32) -> Self {
        let cluster = Cluster::start().and_node();
        let machine = Machine::new(&cluster);
        let second = machine.path("out2").display().to_string();
        let more = format!("- type: identity\n  destination: {{type: directory, path: {second}}}\n");
        machine.configure(&cluster, &cluster.token(), &more);
        Self::started(cluster, machine, files)
    }

    pub(crate) fn started(cluster: Cluster, machine: Machine, files: u32) -> Self {
        let limit = format!("--nofile={files}:{files}");
        let own = program::program().to_str().unwrap();
        let daemon = machine.start_tool("prlimit", &[&limit, own, "start", "-c", "tbot.yaml"]);
        for out in ["out", "out2"] {
            let config = machine.path(out).join("ssh_config");
            until("the first ssh_config", LONG, || config.exists().then_some(()));
        }
        Self { cluster, machine, daemon }
    }

    pub(crate) fn socket(&self, out: &str) -> PathBuf {
        self.machine.path(out).join("ssh.sock")
    }

    /// A connection that has been greeted.
    pub(crate) fn client(&self, out: &str) -> UnixStream {
        let mut client = dial(&self.socket(out)).expect("the daemon takes no connection");
        assert_eq!(byte(&mut client), 1, "the daemon doesn't greet");
        client
    }

    /// A session whose host is connected, with a descriptor of ours as standard error.
    pub(crate) fn session(&self, out: &str, host: &str, stderr: OwnedFd) -> UnixStream {
        let mut client = self.client(out);
        pass(&client, &request(host), vec![stderr], MsgFlags::empty());
        client.set_read_timeout(Some(LONG)).unwrap();
        assert_eq!(byte(&mut client), 0, "the host isn't connected");
        client
    }

    /// The daemon closes what is passed meanwhile last, not this test.
    pub(crate) fn while_stopped<T>(&self, pass: impl FnOnce() -> T) -> T {
        self.daemon.signal(Signal::SIGSTOP);
        let tasks = format!("/proc/{}/task", self.daemon.id());
        until("the daemon's stop", LONG, || {
            let states = std::fs::read_dir(&tasks).unwrap().map(|task| {
                let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
                stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
            });
            states.into_iter().all(|stopped| stopped).then_some(())
        });
        let passed = pass();
        self.daemon.signal(Signal::SIGCONT);
        passed
    }

    pub(crate) fn ssh(&self, out: &str) -> Outcome {
        let config = format!("{out}/ssh_config");
        let target = format!("{}@node1.example.test", users::login());
        self.machine.tool("ssh", &["-F", &config, "-o", "BatchMode=yes", &target, "echo", "here"])
    }

    /// Fails unless the daemon serves a real `ssh` by this socket.
    pub(crate) fn serves(&self, out: &str) {
        drop(self.client(out));
        let connections = || self.cluster.counters().seen(Point::ProxyConnection);
        self.ssh(out).succeeded();
        let before = connections();
        assert_eq!(self.ssh(out).succeeded().stdout, "here\n");
        assert_eq!(connections(), before, "ssh had to connect by itself");
    }

    /// Fails unless the daemon serves and ends when it is told to, whatever was done to it.
    pub(crate) fn ends_unharmed(self) {
        self.serves("out");
        self.daemon.signal(Signal::SIGTERM);
        self.daemon.wait(LONG).succeeded();
    }
}

/// Doesn't wait where the queue of connections is full.
pub(crate) fn dial(path: &Path) -> io::Result<UnixStream> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let handle = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(handle.as_raw_fd(), &UnixAddr::new(path)?)?;
    let stream = UnixStream::from(handle);
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(ALIVE))?;
    stream.set_write_timeout(Some(ALIVE))?;
    Ok(stream)
}

pub(crate) fn byte(client: &mut UnixStream) -> u8 {
    let mut byte = [0xff];
    client.read_exact(&mut byte).expect("the daemon is held up");
    byte[0]
}

pub(crate) fn request(host: &str) -> Vec<u8> {
    let text = format!("example.test\n3022\n{host}.example.test");
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}

/// Passes descriptors, and keeps none of them.
pub(crate) fn pass(to: &UnixStream, bytes: &[u8], descriptors: Vec<OwnedFd>, flags: MsgFlags) {
    let numbers: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let flags = flags | MsgFlags::MSG_NOSIGNAL;
    if sendmsg::<()>(to.as_raw_fd(), &[IoSlice::new(bytes)], &rights, flags, None).is_err() {
        // Who has been refused doesn't take them; then they mustn't hold up this test.
        for descriptor in &descriptors {
            let _ = setsockopt(descriptor, Linger, &nix::libc::linger { l_onoff: 0, l_linger: 0 });
        }
    }
}

/// A socket whose last `close` waits an hour for the peer, which doesn't read.
pub(crate) fn lingering() -> (OwnedFd, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let peer = listener.accept().unwrap().0;
    socket.set_nonblocking(true).unwrap();
    while (&socket).write(&[0; 1 << 16]).is_ok() {}
    setsockopt(&socket, Linger, &nix::libc::linger { l_onoff: 1, l_linger: 3600 }).unwrap();
    (socket.into(), peer)
}

/// A terminal with room for a few bytes: it says that it can be written to, and takes no line.
pub(crate) fn full_terminal() -> (OwnedFd, OwnedFd) {
    let room = fill(&nix::pty::openpty(None, None).unwrap().slave, usize::MAX);
    let terminal = nix::pty::openpty(None, None).unwrap();
    fill(&terminal.slave, room - 16);
    (terminal.slave, terminal.master)
}

/// Writes single bytes until there is no room, without changing how others write.
pub(crate) fn fill(to: &OwnedFd, most: usize) -> usize {
    let before = OFlag::from_bits_retain(fcntl(to, FcntlArg::F_GETFL).unwrap());
    fcntl(to, FcntlArg::F_SETFL(before | OFlag::O_NONBLOCK)).unwrap();
    let mut count = 0;
    while count < most && nix::unistd::write(to.as_fd(), b"x").is_ok() {
        count += 1;
    }
    fcntl(to, FcntlArg::F_SETFL(before)).unwrap();
    count
}
