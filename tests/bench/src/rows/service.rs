//! Tunnels to databases and applications: what goes through them, beside a direct connection and the peer's own.
//!
//! An application of ours is behind them, which says as many bytes as it is asked for: what is measured is the way.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use e2e::wait::{LONG, until};

use crate::place::{Machine, Place};
use crate::report::Report;
use crate::sample::{Sample, in_turns, milliseconds};
use crate::tools::Running;

/// Bytes of a bulk transfer.
const BULK: u64 = 256 << 20;
/// Its name in the double.
const NAME: &str = "bench";

pub(crate) fn measure(place: &Place, report: &mut Report) {
    let given = std::env::var("APP").ok().filter(|given| !given.is_empty());
    let (name, service) = match (place.double(), given) {
        (Some(double), _) => {
            let service = serve(SocketAddr::from(([127, 0, 0, 1], 0)));
            double.add_app(NAME, &format!("tcp://{service}"));
            (NAME.to_owned(), service)
        }
        (None, Some(given)) => {
            let (name, port) = given.rsplit_once(':').expect("APP is NAME:PORT");
            (name.to_owned(), serve(SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))))
        }
        (None, None) => return report.missing("databases and applications", "APP isn't given"),
    };
    let ours = Tunnel::open(place, &place.program, &name);
    let peer = place.peer.as_ref().filter(|program| has_tunnels(program));
    if place.peer.is_some() && peer.is_none() {
        report.missing("tbot's own tunnel", "this tbot is older than 16, which has the first ones");
    }
    let peer = peer.map(|program| Tunnel::open(place, program, &name));
    let direct = |work: fn(SocketAddr) -> f64| work(service);
    let through = |work: fn(SocketAddr) -> f64| work(ours.address);
    let beside = |work: fn(SocketAddr) -> f64| peer.as_ref().map_or(f64::NAN, |peer| work(peer.address));
    let mut row = |what: &str, unit: &'static str, rounds: u32, work: fn(SocketAddr) -> f64| {
        let [direct, ours, theirs] =
            in_turns(rounds, [&mut || direct(work), &mut || through(work), &mut || beside(work)]);
        report.beside(what, unit, &ours, &direct, "direct");
        let theirs = peer.as_ref().map(|_| theirs);
        report.beside_peer(&format!("  {what}"), unit, &ours, theirs.as_ref());
        (direct, ours, theirs)
    };
    let (direct, ours_took, theirs) = row("tunnel: connect until the first byte", "ms", place.rounds(50), first_byte);
    let over = |sample: &Sample| Sample::once(sample.median() - direct.median());
    let answers = row("tunnel: an answer on an open connection", "ms", place.rounds(20), answer);
    row("tunnel: bytes from the service", "MiB/s", place.rounds(5), bulk);
    report.beside_peer("tunnel: connecting, over direct", "ms", &over(&ours_took), theirs.as_ref().map(over).as_ref());
    let over = |sample: &Sample| Sample::once(sample.median() - answers.0.median());
    report.beside_peer(
        "tunnel: an answer, over direct",
        "ms",
        &over(&answers.1),
        answers.2.as_ref().map(over).as_ref(),
    );
}

/// `Teleport v18.1.0 git:… go1.24`
fn has_tunnels(tbot: &std::path::Path) -> bool {
    let output = std::process::Command::new(tbot).arg("version").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let major = text.split('v').nth(1).and_then(|rest| rest.split('.').next()).and_then(|major| major.parse().ok());
    major.is_some_and(|major: u32| major >= 16)
}

/// A daemon with a tunnel.
struct Tunnel {
    address: SocketAddr,
    _daemon: Running,
    _machine: Machine,
}

impl Tunnel {
    fn open(place: &Place, program: &std::path::Path, app: &str) -> Self {
        let address: SocketAddr = e2e::probe::free_address().parse().unwrap();
        let machine = place.machine_with(&format!(
            "services:\n- {{type: application-tunnel, app_name: {app}, listen: 'tcp://{address}'}}\n"
        ));
        let mut command = machine.command(program);
        command.args(["start", "-c", "tbot.yaml"]);
        let daemon = Running::start(command);
        until("the tunnel", LONG, || ask(&mut TcpStream::connect(address).ok()?, 1));
        Self { address, _daemon: daemon, _machine: machine }
    }
}

/// Says to each client as many bytes as it asks for, as often as it does.
fn serve(address: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || said(client));
        }
    });
    address
}

fn said(mut client: TcpStream) {
    let chunk = vec![7; 64 << 10];
    let _ = client.set_nodelay(true);
    let mut wanted = [0; 8];
    while client.read_exact(&mut wanted).is_ok() {
        let mut left = u64::from_be_bytes(wanted);
        while left > 0 {
            let part = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
            if client.write_all(&chunk[..part]).is_err() {
                return;
            }
            left -= u64::try_from(part).unwrap();
        }
    }
}

/// None: the connection is no good.
fn ask(stream: &mut TcpStream, count: u64) -> Option<()> {
    let _ = stream.set_nodelay(true);
    stream.write_all(&count.to_be_bytes()).ok()?;
    let mut buffer = vec![0; 256 << 10];
    let mut left = count;
    while left > 0 {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        left = left.saturating_sub(u64::try_from(read).unwrap());
    }
    Some(())
}

fn first_byte(address: SocketAddr) -> f64 {
    milliseconds(|| ask(&mut TcpStream::connect(address).unwrap(), 1).expect("an answer"))
}

fn answer(address: SocketAddr) -> f64 {
    const TIMES: u32 = 200;
    let mut stream = TcpStream::connect(address).unwrap();
    ask(&mut stream, 1).expect("an answer");
    milliseconds(|| (0..TIMES).for_each(|_| ask(&mut stream, 1).expect("an answer"))) / f64::from(TIMES)
}

fn bulk(address: SocketAddr) -> f64 {
    let mut stream = TcpStream::connect(address).unwrap();
    let megabytes = f64::from(u32::try_from(BULK >> 20).unwrap());
    megabytes / (milliseconds(|| ask(&mut stream, BULK).expect("all bytes")) / 1e3)
}
