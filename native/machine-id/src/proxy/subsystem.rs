//! Hosts of a cluster whose proxy is an SSH server (protocol H1 and H2): stock `ssh` asks it for the subsystem
//! `proxy:<host>:<port>@<cluster>`, whose stream is the host's own SSH connection.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::route::ProxyRoute;
use crate::connect::SshTarget;

/// What the inner ssh must and must not do. The rest (key, certificate, host CA) comes from the destination's own
/// `ssh_config`, in which the proxy has a block without ProxyCommand.
const OPTIONS: [&str; 10] = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ControlMaster=no",
    "ControlPath=none",
    "PermitLocalCommand=no",
    "ServerAliveInterval=30",
    "LogLevel=ERROR",
];

/// The arguments for `ssh`. `tls_command` is the ProxyCommand that makes the TLS around SSH; it is used where the
/// protocols share a port.
#[must_use]
pub fn subsystem_arguments(
    way: &ProxyRoute,
    target: &SshTarget,
    login: &str,
    directory: &Path,
    tls_command: &str,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["-F".into(), directory.join("ssh_config").into()];
    let mut option = |text: &str| arguments.extend([OsStr::new("-o").to_owned(), text.into()]);
    OPTIONS.iter().for_each(|text| option(text));
    let ssh = way.ssh_proxy.as_ref().unwrap_or(&way.proxy);
    option(&format!("HostName={}", ssh.host));
    option(&format!("Port={}", ssh.port));
    option(&format!("HostKeyAlias={}", way.proxy.host));
    if way.ssh_proxy.is_none() {
        option("ProxyUseFdpass=no");
        option(&format!("ProxyCommand={tls_command}"));
    }
    let subsystem = format!("proxy:{}@{}", target.host_port, target.cluster);
    arguments.extend(["-l", login, "-s", "--", &way.proxy.host, &subsystem].map(OsString::from));
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::Address;
    use crate::version::Version;

    fn arguments(ssh_proxy: Option<Address>) -> Vec<String> {
        let way = ProxyRoute {
            cluster: "leaf.example.com".to_owned(),
            proxy: Address::new("proxy.example.com", 443),
            ssh_proxy,
            connection_upgrade: false,
            server_version: Version::parse("12"),
        };
        let target = SshTarget { host_port: "node1:0".to_owned(), cluster: "leaf.example.com".to_owned() };
        let all = subsystem_arguments(&way, &target, "jenkins", Path::new("/opt/it's 100%"), "carry");
        all.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn the_proxy_is_asked_for_the_host_in_its_cluster_by_the_destinations_own_configuration() {
        let all = arguments(Some(Address::new("10.0.0.1", 3023)));
        assert_eq!(all[..2], ["-F", "/opt/it's 100%/ssh_config"]);
        let end = ["-l", "jenkins", "-s", "--", "proxy.example.com", "proxy:node1:0@leaf.example.com"];
        assert_eq!(all[all.len() - 6..], end);
        for option in ["HostName=10.0.0.1", "Port=3023", "HostKeyAlias=proxy.example.com", "StrictHostKeyChecking=yes"]
        {
            assert!(all.iter().any(|word| word == option), "{option}");
        }
        assert!(!all.iter().any(|word| word.starts_with("ProxyCommand")));
    }

    #[test]
    fn where_the_protocols_share_a_port_ssh_runs_inside_of_our_tls() {
        let all = arguments(None);
        assert!(all.iter().any(|word| word == "ProxyCommand=carry"));
    }
}
