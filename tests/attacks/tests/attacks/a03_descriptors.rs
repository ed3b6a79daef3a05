//! What is passed to `ssh.sock` holds up whoever passes it, and nobody else.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;

use e2e::wait::{LONG, until};
use nix::sys::socket::MsgFlags;

use crate::ssh_socket::{Stage, byte, full_terminal, lingering, pass, request};

/// More than the daemon has threads that run tasks.
const MANY: usize = 4;

/// Each client gets a host as soon as possible; then the proxy cuts all of them, as when it restarts.
fn cut_with(make: impl Fn() -> OwnedFd, many: usize) -> (Stage, Vec<std::os::unix::net::UnixStream>) {
    let stage = Stage::new();
    stage.serves("out");
    let sessions: Vec<_> = (0..many).map(|_| stage.session("out", "node1", make())).collect();
    stage.cluster.lock_user("bot-api", "restart");
    for mut session in &sessions {
        session.set_read_timeout(Some(LONG)).unwrap();
        let mut rest = [0; 4096];
        // The old daemon never closes it.
        while session.read(&mut rest).is_ok_and(|count| count > 0) {}
    }
    stage.cluster.unlock_all();
    (stage, sessions)
}

#[test]
fn a03_a_pty_without_room_holds_up_nobody() {
    let masters = std::sync::Mutex::new(Vec::new());
    let (stage, _sessions) = cut_with(
        || {
            let (slave, master) = full_terminal();
            masters.lock().unwrap().push(master);
            slave
        },
        MANY,
    );
    stage.ends_unharmed();
}

#[test]
fn a03_a_full_fifo_holds_up_nobody() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("fifo");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let open = || {
        let both = OpenOptions::new().read(true).write(true).custom_flags(nix::libc::O_NONBLOCK).open(&path).unwrap();
        OwnedFd::from(both)
    };
    let kept = open();
    crate::ssh_socket::fill(&kept, usize::MAX);
    // It blocks whoever writes to it.
    let (stage, _sessions) = cut_with(|| OpenOptions::new().write(true).open(&path).unwrap().into(), MANY);
    stage.ends_unharmed();
}

/// The request is refused, and what came with it is let go.
#[test]
fn a03_a_lingering_socket_holds_up_nobody() {
    let stage = Stage::new();
    let mut peers = Vec::new();
    for _ in 0..MANY {
        let (socket, peer) = lingering();
        let client = stage.client("out");
        stage.while_stopped(|| pass(&client, b"\0\x05hello", vec![socket], MsgFlags::empty()));
        peers.push((client, peer));
    }
    stage.ends_unharmed();
}

#[test]
fn a03_as_many_descriptors_as_a_message_takes_hold_up_nobody() {
    let stage = Stage::new();
    let mut peers = Vec::new();
    for _ in 0..MANY {
        let sockets = (0..253).map(|number| {
            // One is enough to hold it up.
            let (socket, peer) = if number == 252 { lingering() } else { plain() };
            peers.push(peer);
            socket
        });
        let sockets = sockets.collect();
        let client = stage.client("out");
        stage.while_stopped(|| pass(&client, &request("node1"), sockets, MsgFlags::empty()));
    }
    stage.ends_unharmed();
}

fn plain() -> (OwnedFd, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (socket.into(), listener.accept().unwrap().0)
}

#[test]
fn a03_a_descriptor_in_the_midst_of_a_session_holds_up_nobody() {
    for flags in [MsgFlags::empty(), MsgFlags::MSG_OOB] {
        let stage = Stage::new();
        let mut kept = Vec::new();
        for _ in 0..MANY {
            let (nowhere, other) = nix::unistd::pipe().unwrap();
            let session = stage.session("out", "node1", other);
            let (socket, peer) = lingering();
            stage.while_stopped(|| pass(&session, b"SSH-2.0-", vec![socket], flags));
            pass(&session, b"x\r\n", vec![], MsgFlags::empty());
            kept.push((session, peer, nowhere));
        }
        stage.ends_unharmed();
    }
}

/// Nobody has read what it sent when it goes.
#[test]
fn a03_a_client_that_leaves_descriptors_behind_holds_up_nobody() {
    let stage = Stage::new();
    let mut peers = Vec::new();
    for _ in 0..MANY {
        let client = stage.client("out");
        let (socket, peer) = lingering();
        stage.while_stopped(|| {
            pass(&client, b"\xff\xff", vec![], MsgFlags::empty());
            pass(&client, b"more", vec![socket], MsgFlags::empty());
            drop(client);
        });
        peers.push(peer);
    }
    stage.ends_unharmed();
}

#[test]
fn a03_who_holds_up_all_it_can_gets_a_line_and_holds_up_no_other_destination() {
    let stage = Stage::new();
    let clients: Vec<_> = (0..40).map(|_| stage.client("out")).collect();
    let kept = stage.while_stopped(|| {
        let passed = clients.into_iter().map(|client| {
            let ((first, peer), (second, other)) = (lingering(), lingering());
            pass(&client, &request("node1"), vec![first, second], MsgFlags::empty());
            (client, peer, other)
        });
        passed.collect::<Vec<_>>()
    });
    stage.serves("out2");
    let target = format!("{}@node1.example.test", e2e::users::login());
    let refused = stage.machine.start_tool("ssh", &["-F", "out/ssh_config", "-o", "BatchMode=yes", &target, "true"]);
    let line = "machine-id: no further SSH connection by this destination: clients hold up";
    until("the line", LONG, || refused.stderr().contains(line).then_some(()));
    // Once they are gone the socket serves again. Until then its own standard error waits to be closed, too.
    drop(kept);
    assert_ne!(refused.wait(LONG).status, Some(0));
    until("ssh works again", LONG, || (stage.ssh("out").status == Some(0)).then_some(()));
    stage.ends_unharmed();
}

/// A socket passed over itself, what is no file, and what can't be written to: nobody is told anything, nobody is held up.
#[test]
fn a03_descriptors_of_other_kinds_harm_nobody() {
    use nix::sys::epoll::{Epoll, EpollCreateFlags};
    use nix::sys::eventfd::EventFd;
    let stage = Stage::new();
    let open =
        |path: &str, flags| -> OwnedFd { OpenOptions::new().read(true).custom_flags(flags).open(path).unwrap().into() };
    for (number, descriptor) in [
        Epoll::new(EpollCreateFlags::empty()).unwrap().0,
        EventFd::new().unwrap().into(),
        open("/", nix::libc::O_DIRECTORY),
        open("/etc/passwd", nix::libc::O_PATH),
        open("/dev/null", 0),
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().into(),
        std::os::unix::net::UnixListener::bind_addr(&unnamed()).unwrap().into(),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = stage.client("out");
        pass(&client, &request("nosuch"), vec![descriptor], MsgFlags::empty());
        assert_eq!(byte(&mut client), 1, "descriptor {number}: no refusal");
    }
    let client = stage.client("out");
    let itself = OwnedFd::from(client.try_clone().unwrap());
    pass(&client, &request("node1"), vec![itself], MsgFlags::empty());
    drop(client);
    stage.ends_unharmed();
}

fn unnamed() -> std::os::unix::net::SocketAddr {
    use std::os::linux::net::SocketAddrExt;
    std::os::unix::net::SocketAddr::from_abstract_name(format!("a03-{}", std::process::id())).unwrap()
}
