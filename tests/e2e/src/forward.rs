//! A second address for a server.

use std::net::{SocketAddr, TcpListener, TcpStream};

/// Listens on 127.0.0.2, a name that no certificate of the double has, and carries every connection to `target`.
///
/// # Panics
/// When the address can't be used.
pub fn under_another_address(target: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let address = listener.local_addr().unwrap();
    let target = target.replace("localhost", "127.0.0.1");
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&target) else { continue };
            for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                std::thread::spawn(move || {
                    // The other side's end is the end.
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    address
}
