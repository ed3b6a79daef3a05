//! `machine-id proxy-ssh`: the ProxyCommand of the generated `ssh_config`.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use machine_id::clock::SystemClock;
use machine_id::config::{AddressKind, ClusterConfig};
use machine_id::connect::{
    Address, ClientCredential, ConnectError, Connector, Host, Refusal, SshTarget, TransportError, TrustError,
};
use machine_id::error::{Code, Error};
use machine_id::identity::IdentityFile;
use machine_id::output::proxy_command_word;
use machine_id::proxy::{self, Destination, Labels, dial, pump, resolve, subsystem_arguments};
use machine_id::version::Version;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::args::{self, ProxySsh};
use crate::stdio::stdio;
use crate::{files, runtime};

/// The ports where an address names none.
const HTTPS: u16 = 443;
const SSH_PROXY: u16 = 3023;

pub(crate) fn run(arguments: &ProxySsh) -> Result<ExitCode, Error> {
    let way = way(&arguments.way)?;
    let (login, host, port) = parts(&arguments.target)?;
    let identity = files::identity(&arguments.way.destination_dir)?;
    let credential = ClientCredential::new(&identity.key.pkcs8_der(), &identity.certificates.tls)?;
    let runtime = runtime::single()?;
    let mut wanted = Destination { host, port, cluster: &way.cluster, proxy_host: &way.proxy.host };
    let found = match Labels::instead_of_name(&wanted)? {
        Some(labels) => Some(runtime.block_on(the_one(&way, &identity, &credential, &labels))?),
        None => None,
    };
    if let Some(found) = &found {
        wanted.host = &found.id;
    }
    let target = resolve(&wanted)?;
    if !way.server_version.has_transport_service() {
        return Err(by_subsystem(&arguments.way, &way, &target, login, &identity));
    }
    let dialled = runtime.block_on(async {
        let stream = match dial(&connector(&way)?, &way.cluster(), &identity.host_cas, &credential, &target).await {
            Err(error) if way.server_version.is_unknown() && lacks_service(&error) => return Ok(None),
            other => other?,
        };
        carry(stream, host).await.map(Some)
    })?;
    match dialled {
        Some(code) => Ok(code),
        None => Err(by_subsystem(&arguments.way, &way, &target, login, &identity)),
    }
}

/// The host with these labels, by its UUID so that it is this one and no other of its name.
async fn the_one(
    way: &proxy::ProxyRoute,
    identity: &IdentityFile,
    credential: &ClientCredential,
    labels: &Labels,
) -> Result<Host, Error> {
    // The auth server is behind the web port, also where SSH has a port of its own.
    let way = &proxy::ProxyRoute { ssh_proxy: None, ..way.clone() };
    let hosts = proxy::hosts(&connector(way)?, &way.cluster(), &identity.host_cas, credential, labels).await?;
    Ok(proxy::only(hosts, labels, &way.cluster)?)
}

/// `machine-id proxy-tls`: the TLS around SSH to the proxy itself.
pub(crate) fn run_tls(arguments: &args::ProxyRouteArguments) -> Result<ExitCode, Error> {
    let way = way(arguments)?;
    let identity = files::identity(&arguments.destination_dir)?;
    runtime::single()?.block_on(async {
        let stream = connector(&way)?.ssh_service(&way.cluster(), &identity.host_cas).await?;
        carry(stream, &way.proxy.host).await
    })
}

async fn carry(stream: impl AsyncRead + AsyncWrite + Unpin, host: &str) -> Result<ExitCode, Error> {
    let broke = |error| Error::new(Code::ClusterUnreachable, format!("the connection to {host} broke: {error}"), "");
    let (input, output) = stdio().map_err(broke)?;
    pump(stream, input, output).await.map(|()| ExitCode::SUCCESS).map_err(broke)
}

/// An answer that a proxy before version 13 gives, in whatever way it says that it has no such service.
fn lacks_service(error: &ConnectError) -> bool {
    matches!(
        error,
        ConnectError::Refused(Refusal::Unsupported { .. })
            | ConnectError::Trust(TrustError::Untrusted { .. } | TrustError::NameMismatch { .. })
            | ConnectError::Transport(TransportError::ProtocolUnknown { .. })
    )
}

/// Turns this process into an `ssh` that asks the proxy for the host; comes back only when that fails.
fn by_subsystem(
    arguments: &args::ProxyRouteArguments,
    way: &proxy::ProxyRoute,
    target: &SshTarget,
    login: &str,
    identity: &IdentityFile,
) -> Error {
    let program = match std::env::current_exe() {
        Ok(program) => program.display().to_string(),
        Err(error) => return Error::new(Code::Internal, format!("cannot find this program's own path: {error}"), ""),
    };
    let any = identity.certificates.ssh_facts().ok().and_then(|facts| facts.principals.into_iter().next());
    let login = if login.is_empty() { any.unwrap_or_default() } else { login.to_owned() };
    let words =
        subsystem_arguments(way, target, &login, &arguments.destination_dir, &tls_command(arguments, way, &program));
    let error = Command::new("ssh").args(words).exec();
    Error::new(
        Code::Unsupported,
        format!("cannot run ssh, by which a proxy before version 13 is asked for a host: {error}"),
        "install OpenSSH's client, or see that it is in PATH",
    )
}

/// The command line by which ssh calls us back for the TLS around it.
fn tls_command(arguments: &args::ProxyRouteArguments, way: &proxy::ProxyRoute, program: &str) -> String {
    let mut words = vec![
        program.to_owned(),
        "proxy-tls".to_owned(),
        format!("--destination-dir={}", arguments.destination_dir.display()),
        format!("--proxy={}", way.proxy),
        format!("--cluster={}", way.cluster),
    ];
    if way.connection_upgrade {
        words.push("--connection-upgrade".to_owned());
    }
    let words: Vec<String> = words.iter().map(|word| proxy_command_word(word)).collect();
    words.join(" ")
}

pub(crate) fn connector(way: &proxy::ProxyRoute) -> Result<Connector, ConnectError> {
    let config = ClusterConfig {
        host: way.proxy.host.clone(),
        port: way.proxy.port,
        kind: AddressKind::Proxy,
        ca_pins: Vec::new(),
        ca: None,
        // It is the address in ssh_config, which was chosen when that was written.
        use_configured_address: false,
    };
    Connector::new(&config, Arc::new(SystemClock::new()))
}

fn way(arguments: &args::ProxyRouteArguments) -> Result<proxy::ProxyRoute, Error> {
    Ok(proxy::ProxyRoute {
        cluster: arguments.cluster.clone(),
        proxy: proxy_address(&arguments.proxy)?,
        ssh_proxy: arguments.ssh_proxy.as_deref().map(|text| address(text, SSH_PROXY)).transpose()?,
        connection_upgrade: arguments.connection_upgrade,
        server_version: Version::of_major(arguments.server_version),
    })
}

/// The proxy's web address.
pub(crate) fn proxy_address(text: &str) -> Result<Address, Error> {
    address(text, HTTPS)
}

fn address(text: &str, port: u16) -> Result<Address, Error> {
    Address::parse(text, port).ok_or_else(|| invalid(format!("{text:?} is no proxy address"), "write host:port"))
}

/// `[USER@]HOST:PORT`, as `%r@%h:%p` gives it; an IPv6 address has colons of its own.
fn parts(target: &str) -> Result<(&str, &str, u16), Error> {
    let bad = || invalid(format!("{target:?} is no target"), "write USER@HOST:PORT, as ssh's %r@%h:%p does");
    let (login, place) = target.rsplit_once('@').unwrap_or(("", target));
    let (host, port) = place.rsplit_once(':').ok_or_else(bad)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err(bad());
    }
    Ok((login, host, port.parse().map_err(|_| bad())?))
}

fn invalid(message: String, hint: &str) -> Error {
    Error::new(Code::RequestInvalid, message, hint)
}
