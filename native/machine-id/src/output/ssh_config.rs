//! `ssh_config`: how stock `ssh` reaches the cluster's hosts.

use std::fmt::Write;

use super::Artifact;
use super::error::OutputError;
use super::quote::{proxy_command_word, single_quoted, ssh_path};
use super::request::{ClusterFacts, OutputRequest, SshFiles, text_of};
use crate::config::MultiplexerOutput;
use crate::identity::{Authority, SshKeyType};
use crate::version::Version;
use crate::vocabulary::sockets::{AGENT_SOCKET, TBOTS_SOCKET};

/// What tbot writes for a cluster whose keys are RSA.
const RSA: &str = "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,ssh-rsa-cert-v01@openssh.com";
const ED25519: &str = "ssh-ed25519-cert-v01@openssh.com";
const ECDSA: &str = "ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384-cert-v01@openssh.com,\
                     ecdsa-sha2-nistp521-cert-v01@openssh.com";

/// What whoever moves the file has to know.
const HEAD: &str = "\
# Include this file or copy its text: the files that it names keep their names when they are renewed.
# Mount the whole directory into a container, not one of its files: a file that is mounted alone stays an old one.
";

/// The whole file: a pair of `Host` blocks per cluster, the root first.
pub(super) fn render(request: &OutputRequest<'_>) -> Result<Artifact, OutputError> {
    let proxy = &request.cluster.proxy_host;
    let mut text = format!("# Begin generated Teleport configuration for {proxy} by tbot\n{HEAD}");
    for host in &request.authorities.host {
        let cluster = &host.cluster;
        let patterns = format!("*.{cluster}{}", except_clusters_below(request, cluster));
        let common = common_options(request, host, "known_hosts")?;
        let command = proxy_command(request, cluster)?;
        let _ = write!(
            text,
            "\n# Common flags for all {cluster} hosts\nHost {patterns} {proxy}\n{common}\n\
             # Flags for all {cluster} hosts except the proxy\nHost {patterns} !{proxy}\n    Port 3022\n{command}"
        );
    }
    text.push_str("\n# End generated Teleport configuration\n");
    Ok(Artifact::public("ssh_config", text))
}

/// The options for one cluster without `Host` lines, so that any host name can be used (version 16 and later).
pub(super) fn render_for(request: &OutputRequest<'_>, host: &Authority) -> Result<Artifact, OutputError> {
    let cluster = &host.cluster;
    let common = common_options(request, host, &format!("{cluster}.known_hosts"))?;
    let command = proxy_command(request, cluster)?;
    let text = format!("# Teleport configuration for hosts of {cluster}\n{HEAD}{common}    Port 3022\n{command}");
    Ok(Artifact::public(format!("{cluster}.ssh_config"), text))
}

/// As tbot's service `ssh-multiplexer` has it: the key is an agent's, and every connection goes by the socket.
pub(super) fn render_multiplexed(
    request: &OutputRequest<'_>,
    output: &MultiplexerOutput,
) -> Result<Artifact, OutputError> {
    let path = |name: &str| ssh_path(&request.directory.join(name));
    let (known_hosts, agent) = (path("known_hosts")?, path(AGENT_SOCKET)?);
    let socket = request.directory.join(TBOTS_SOCKET);
    let ours = [text_of(request.helper)?, "ssh-multiplexer-proxy-command"].map(str::to_owned);
    let command = if output.proxy_command.is_empty() { &ours[..] } else { &output.proxy_command };
    let words: Vec<String> = command
        .iter()
        .map(String::as_str)
        .chain([text_of(&socket)?])
        .map(|word| single_quoted(&word.replace('%', "%%")))
        .collect();
    let words = words.join(" ");
    let mut text = "# Begin generated Teleport configuration by tbot for the ssh-multiplexer service\n".to_owned();
    for host in &request.authorities.host {
        let cluster = &host.cluster;
        let except = except_clusters_below(request, cluster);
        let algorithms = host_key_algorithms(&host.ssh_keys, &request.cluster.server_version)?;
        let _ = write!(
            text,
            "\nHost *.{cluster}{except}\n    Port 3022\n    UserKnownHostsFile {known_hosts}\n    \
             HostKeyAlgorithms {algorithms}\n    IdentityFile none\n    IdentityAgent {agent}\n    \
             ProxyCommand {words} '%h:%p|{cluster}'\n    ProxyUseFdpass yes\n"
        );
    }
    text.push_str("\n# End generated Teleport configuration\n");
    Ok(Artifact::public("ssh_config", text))
}

fn common_options(request: &OutputRequest<'_>, host: &Authority, known_hosts: &str) -> Result<String, OutputError> {
    let known_hosts = request.directory.join(known_hosts);
    let mut text = format!("    UserKnownHostsFile {}\n", ssh_path(&known_hosts)?);
    if text_of(&known_hosts)?.contains('%') {
        // OpenSSH before 8.4 doesn't expand % in UserKnownHostsFile; this option no version expands.
        let _ = writeln!(text, "    GlobalKnownHostsFile \"{}\"", text_of(&known_hosts)?);
    }
    let at_the_top = [request.directory.join("key"), request.directory.join("key-cert.pub")];
    let [key, certificate] = &at_the_top;
    let beside = SshFiles { keys: std::slice::from_ref(key), certificates: std::slice::from_ref(certificate) };
    let files = request.ssh.unwrap_or(beside);
    let keys = files.keys.iter().map(|path| ("IdentityFile", path));
    for (option, path) in keys.chain(files.certificates.iter().map(|path| ("CertificateFile", path))) {
        let _ = writeln!(text, "    {option} {}", ssh_path(path)?);
    }
    let algorithms = host_key_algorithms(&host.ssh_keys, &request.cluster.server_version)?;
    let _ = writeln!(text, "    HostKeyAlgorithms {algorithms}");
    Ok(text)
}

/// Our own binary: it reads the certificate from the directory and tunnels through the proxy.
fn proxy_command(request: &OutputRequest<'_>, cluster: &str) -> Result<String, OutputError> {
    let helper = text_of(request.helper)?;
    let quoted = proxy_command_word(helper);
    let helper = if quoted == helper { format!("\"{helper}\"") } else { quoted };
    let directory = proxy_command_word(&format!("--destination-dir={}", text_of(request.directory)?));
    let proxy = proxy_command_word(&format!("--proxy={}", request.cluster.proxy_address));
    let way = way(request.cluster);
    let cluster = proxy_command_word(&format!("--cluster={cluster}"));
    // The target is quoted because older ssh lets anything into %h, and git URLs of others end up there.
    let target = single_quoted("%r@%h:%p");
    // With the first line ssh takes a connected descriptor from the program instead of having it carry every byte.
    let (option, fdpass) = if request.multiplexed { ("    ProxyUseFdpass yes\n", " --fdpass") } else { ("", "") };
    Ok(format!("{option}    ProxyCommand {helper} proxy-ssh{fdpass} {directory} {proxy} {cluster}{way} {target}\n"))
}

/// What is unusual about the way to the proxy, as further arguments. With TLS routing and a proxy of today there are
/// none.
fn way(cluster: &ClusterFacts) -> String {
    let mut arguments = String::new();
    if !cluster.tls_routing {
        arguments.push(' ');
        arguments.push_str(&proxy_command_word(&format!("--ssh-proxy={}", cluster.ssh_address)));
    }
    if cluster.connection_upgrade {
        arguments.push_str(" --connection-upgrade");
    }
    if let (Some(major), false) = (cluster.server_version.major(), cluster.server_version.has_transport_service()) {
        let _ = write!(arguments, " --server-version={major}");
    }
    arguments
}

/// ssh takes the first block that matches: hosts of a leaf `eu.example.com` must not get those of `example.com`.
fn except_clusters_below(request: &OutputRequest<'_>, cluster: &str) -> String {
    let suffix = format!(".{cluster}");
    let below = request.authorities.host.iter().filter(|other| other.cluster.ends_with(&suffix));
    below.map(|other| format!(" !*.{}", other.cluster)).collect()
}

/// Host keys have the kind of the CA's keys, with two exceptions: from version 17 hosts get new kinds of key while the
/// CA is still the old one, and a CA of a new kind may have to sign hosts that keep their RSA keys.
fn host_key_algorithms(ca_keys: &[String], version: &Version) -> Result<String, OutputError> {
    let mut kinds = ca_keys.iter().map(|line| SshKeyType::of_line(line)).collect::<Result<Vec<_>, _>>()?;
    kinds.dedup();
    Ok(match kinds.first() {
        Some(SshKeyType::Rsa) | None if !version.has_algorithm_suites() && kinds.len() <= 1 => RSA.to_owned(),
        Some(SshKeyType::EcdsaP256 | SshKeyType::EcdsaP384 | SshKeyType::EcdsaP521) => {
            format!("{ECDSA},{ED25519},{RSA}")
        }
        _ => format!("{ED25519},{ECDSA},{RSA}"),
    })
}
