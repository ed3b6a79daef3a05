//! A daemon that serves, and the ways of `ssh` to a host that are compared.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::place::{Machine, Place};
use crate::sample::milliseconds;
use crate::tools::{Running, wait_for_file};

/// The shortest session: a command that does nothing.
pub(crate) const NOTHING: &str = "true";

/// A daemon that serves, and the configurations of ssh to compare.
pub(crate) struct Stage<'a> {
    pub(crate) target: &'a str,
    pub(crate) ours: Machine,
    pub(crate) daemon: Running,
    pub(crate) peer: Option<Machine>,
    /// Where the node itself is, if that is known: `host`, `port`.
    pub(crate) direct: Option<(String, String)>,
    /// Whether the shortest session is a subsystem of the node's `sshd`: a login shell with its profile would take most of the time.
    pub(crate) sftp: bool,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(place: &Place, target: &'a str) -> Self {
        let ours = place.machine();
        let mut command = ours.command(&place.program);
        command.args(["start", "-c", "tbot.yaml"]);
        let daemon = Running::start(command);
        wait_for_file(&ours.path("out/ssh_config"));
        let by_process = std::fs::read_to_string(ours.path("out/ssh_config"))
            .unwrap()
            .replace("ProxyUseFdpass yes", "ProxyUseFdpass no")
            .replace(" --fdpass", "");
        e2e::machine::put(&ours.path("process_config"), &by_process);
        let peer = place.peer.as_ref().map(|program| {
            let machine = place.machine();
            machine.oneshot(program);
            machine
        });
        let node = place.double().and_then(|double| double.node.as_ref()).map(|node| node.address.clone());
        let sftp = node.is_some();
        let direct = node.or_else(|| place.direct.clone()).map(|address| {
            let (host, port) = address.rsplit_once(':').expect("SSH_DIRECT is HOST:PORT");
            (host.to_owned(), port.to_owned())
        });
        Self { target, ours, daemon, peer, direct, sftp }
    }

    /// Whose ssh it is, and its configuration.
    pub(crate) fn config(&self, way: Way) -> (&Machine, PathBuf) {
        match way {
            Way::Peer => {
                let peer = self.peer.as_ref().unwrap();
                (peer, peer.path("out/ssh_config"))
            }
            Way::Process => (&self.ours, self.ours.path("process_config")),
            Way::Multiplexed | Way::Direct | Way::Undelayed => (&self.ours, self.ours.path("out/ssh_config")),
        }
    }

    pub(crate) fn ssh(&self, way: Way, command: &str) -> Command {
        let (machine, config) = self.config(way);
        let mut ssh = machine.command("ssh");
        ssh.arg("-F").arg(config).args(["-o", "BatchMode=yes"]);
        for option in self.directly(way) {
            ssh.args(["-o", &option]);
        }
        if command == NOTHING && self.sftp {
            ssh.args(["-s", self.target, "sftp"]);
        } else {
            ssh.args([self.target, command]);
        }
        ssh
    }

    /// Options that lead past the cluster, to the same node with the same certificate.
    fn directly(&self, way: Way) -> Vec<String> {
        let Some((host, port)) = self.direct.as_ref().filter(|_| matches!(way, Way::Direct | Way::Undelayed)) else {
            return Vec::new();
        };
        let by = match way {
            Way::Undelayed => {
                let this = std::env::current_exe().unwrap();
                [format!("ProxyCommand={} connect {host}:{port}", this.display()), "ProxyUseFdpass=yes".to_owned()]
            }
            _ => ["ProxyCommand=none".to_owned(), "ProxyUseFdpass=no".to_owned()],
        };
        let alias = self.target.rsplit('@').next().unwrap();
        let to = [format!("HostName={host}"), format!("Port={port}"), format!("HostKeyAlias={alias}")];
        by.into_iter().chain(to).collect()
    }

    pub(crate) fn time(&self, way: Way, command: &str) -> f64 {
        let mut ssh = self.ssh(way, command);
        ssh.stdout(Stdio::null());
        milliseconds(|| quiet_without_output(ssh))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Way {
    /// To the node itself.
    Direct,
    /// The same on a socket with TCP_NODELAY from the start, as all of ours have it: `ssh` sets it late.
    Undelayed,
    Process,
    Multiplexed,
    Peer,
}

/// A ProxyCommand with `ProxyUseFdpass`, which does nothing but connect.
pub(crate) fn connect(address: &str) {
    let stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let descriptors = [stream.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)));
    sendmsg(std::io::stdout(), &[IoSlice::new(&[0])], &mut ancillary, SendFlags::empty()).unwrap();
}

/// Runs a program that must succeed, whatever it prints.
pub(crate) fn quiet_without_output(mut command: Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
