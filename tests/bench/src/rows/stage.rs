//! A daemon that serves, and the ways of `ssh` to a host that are compared.

use std::path::PathBuf;
use std::process::{Command, Stdio};

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
    pub(crate) direct: Option<Vec<String>>,
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
        let direct = place.double().and_then(|double| double.node.as_ref()).map(|node| {
            let (host, port) = node.address.rsplit_once(':').unwrap();
            ["ProxyCommand=none", "ProxyUseFdpass=no", &format!("HostName={host}"), &format!("Port={port}")]
                .into_iter()
                .chain([&*format!("HostKeyAlias={}", target.rsplit('@').next().unwrap())])
                .map(str::to_owned)
                .collect()
        });
        Self { target, ours, daemon, peer, direct }
    }

    /// Whose ssh it is, and its configuration.
    pub(crate) fn config(&self, way: Way) -> (&Machine, PathBuf) {
        match way {
            Way::Peer => {
                let peer = self.peer.as_ref().unwrap();
                (peer, peer.path("out/ssh_config"))
            }
            Way::Process => (&self.ours, self.ours.path("process_config")),
            Way::Multiplexed | Way::Direct => (&self.ours, self.ours.path("out/ssh_config")),
        }
    }

    pub(crate) fn ssh(&self, way: Way, command: &str) -> Command {
        let (machine, config) = self.config(way);
        let mut ssh = machine.command("ssh");
        ssh.arg("-F").arg(config).args(["-o", "BatchMode=yes"]);
        if way == Way::Direct {
            for option in self.direct.iter().flatten() {
                ssh.args(["-o", option]);
            }
        }
        if command == NOTHING && self.direct.is_some() {
            // The node's own part: a login shell with its profile would take most of the time.
            ssh.args(["-s", self.target, "sftp"]);
        } else {
            ssh.args([self.target, command]);
        }
        ssh
    }

    pub(crate) fn time(&self, way: Way, command: &str) -> f64 {
        let mut ssh = self.ssh(way, command);
        ssh.stdout(Stdio::null());
        milliseconds(|| quiet_without_output(ssh))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Way {
    Direct,
    Process,
    Multiplexed,
    Peer,
}

/// Runs a program that must succeed, whatever it prints.
pub(crate) fn quiet_without_output(mut command: Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
