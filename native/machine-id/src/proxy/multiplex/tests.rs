use super::wire::{LONGEST, Request, read_text, text};
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_request_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Request::parse(&bytes);
    }

    #[test]
    fn what_is_said_is_understood(host in "[a-z0-9.:-]{1,60}", cluster in "[a-z.]{1,40}", port in 0_u16..) {
        let request = Request { cluster, host, port };
        prop_assert_eq!(Request::parse(&request.to_bytes()[2..]), Some(request));
    }

    #[test]
    fn a_long_text_is_cut_between_characters(length in 0_usize..LONGEST * 2) {
        let long = "ä".repeat(length);
        let bytes = text(&long);
        prop_assert!(long.starts_with(&read_text(&mut &bytes[..]).unwrap()));
    }
}

#[test]
fn a_request_with_a_line_too_many_or_an_empty_name_makes_no_sense() {
    for text in ["c\n22\nhost\nmore", "c\n22\n", "\n22\nhost", "c\n70000\nhost", "c\n22\nho st", "c\n22"] {
        assert_eq!(Request::parse(text.as_bytes()), None, "{text:?}");
    }
}

mod clients {
    //! What a client may put into a connection, by hand.

    use std::io::IoSlice;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
    use rustix::net::sockopt;

    use super::super::session::{receive, request};
    use crate::local::limits::REFUSED;
    use crate::local::peer::{Client, Seen};
    use crate::local::quota::Quota;
    use crate::local::threads::Threads;
    use crate::proxy::multiplex::wire::Request;

    /// Longer than a test, as a thread that is held up.
    const LINGER: Duration = Duration::from_secs(3600);
    const SOON: Duration = Duration::from_secs(4);

    /// A socket that can't be closed as long as its peer doesn't read.
    fn lingering() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let peer = listener.accept().unwrap().0;
        socket.set_nonblocking(true).unwrap();
        while std::io::Write::write(&mut &socket, &[0; 1 << 16]).is_ok() {}
        sockopt::set_socket_linger(&socket, Some(LINGER)).unwrap();
        (socket, peer)
    }

    fn client() -> (Client, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let permit = Quota::new(REFUSED).share().take().unwrap();
        let stream = tokio::net::UnixStream::from_std(ours).unwrap();
        (Client::new(stream, Threads::new().lane(), permit), theirs)
    }

    /// Sends the descriptors; ours are closed.
    fn pass(to: &UnixStream, bytes: &[u8], descriptors: Vec<OwnedFd>, flags: MsgFlags) {
        let numbers: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&numbers)];
        sendmsg::<()>(to.as_raw_fd(), &[IoSlice::new(bytes)], &rights, flags, None).unwrap();
    }

    fn asking() -> Vec<u8> {
        Request { cluster: "c".to_owned(), host: "node1.c".to_owned(), port: 22 }.to_bytes()
    }

    /// On one thread, so that whatever blocks it blocks the timeout too; then the runner of tests shows which.
    async fn soon<T>(work: impl Future<Output = T>) -> T {
        tokio::time::timeout(SOON, work).await.unwrap()
    }

    #[tokio::test]
    async fn a_descriptor_that_cant_be_closed_is_dropped_at_once() {
        let (socket, _peer) = lingering();
        let (client, theirs) = client();
        pass(&theirs, &asking(), vec![socket.into()], MsgFlags::empty());
        let asked = soon(receive(client, &request)).await.unwrap();
        assert!(asked.request.is_ok() && asked.stderr.is_some());
        drop(asked);
    }

    #[tokio::test]
    async fn descriptors_behind_the_request_are_seen_and_not_taken() {
        for flags in [MsgFlags::empty(), MsgFlags::MSG_OOB] {
            let (client, theirs) = client();
            let (first, _peer) = lingering();
            let (second, _peer) = lingering();
            pass(&theirs, &asking(), vec![first.into()], MsgFlags::empty());
            let asked = soon(receive(client, &request)).await.unwrap();
            assert_eq!(nix::unistd::write(&theirs, b"SSH").unwrap(), 3);
            assert_eq!(soon(asked.client.read()).await.unwrap(), Seen::Bytes(b"SSH".to_vec()));
            pass(&theirs, b"-", vec![second.into()], flags);
            assert_eq!(nix::unistd::write(&theirs, b"2.0").unwrap(), 3);
            assert_eq!(soon(asked.client.read()).await.unwrap(), Seen::Descriptors);
            drop(theirs);
        }
    }

    #[tokio::test]
    async fn several_descriptors_are_refused_and_a_listening_socket_is_no_standard_error() {
        let (client, theirs) = client();
        pass(&theirs, &asking(), (0..5).map(|_| lingering().0.into()).collect(), MsgFlags::empty());
        let asked = soon(receive(client, &request)).await.unwrap();
        assert!(asked.request.unwrap_err().to_string().contains("one descriptor"));
        let (client, theirs) = self::client();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        pass(&theirs, &asking(), vec![listener.into()], MsgFlags::empty());
        let asked = soon(receive(client, &request)).await.unwrap();
        assert!(asked.request.is_ok() && asked.stderr.is_none());
    }
}
