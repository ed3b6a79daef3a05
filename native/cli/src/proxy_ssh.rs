//! `machine-id proxy-ssh`: the ProxyCommand of the generated `ssh_config`.

use std::process::ExitCode;
use std::sync::Arc;

use machine_id::clock::SystemClock;
use machine_id::config::{AddressKind, ClusterConfig};
use machine_id::connect::{Address, ClientCredential, Cluster, Connector};
use machine_id::error::{Code, Error};
use machine_id::proxy::{Destination, dial, pump, resolve};

use crate::args::ProxySsh;
use crate::{files, runtime};

/// The web port where the address names none.
const HTTPS: u16 = 443;

pub(crate) fn run(arguments: &ProxySsh) -> Result<ExitCode, Error> {
    let identity = files::identity(&arguments.destination_dir)?;
    let credential = ClientCredential::new(&identity.key.pkcs8_der(), &identity.certificates.tls)?;
    let proxy = Address::parse(&arguments.proxy, HTTPS)
        .ok_or_else(|| invalid(format!("{:?} is no proxy address", arguments.proxy), "write host:port"))?;
    let (host, port) = host_and_port(&arguments.target)?;
    let cluster = Cluster::assumed(&arguments.cluster, proxy.clone());
    let target = resolve(&Destination { host, port, cluster: &arguments.cluster, proxy_host: &proxy.host })?;
    let config = ClusterConfig {
        host: proxy.host.clone(),
        port: proxy.port,
        kind: AddressKind::Proxy,
        ca_pins: Vec::new(),
        ca: None,
    };
    runtime::single()?.block_on(async {
        let connector = Connector::new(&config, Arc::new(SystemClock::new()))?;
        let stream = dial(&connector, &cluster, &identity.host_cas, &credential, &target).await?;
        let ended = pump(stream, tokio::io::stdin(), tokio::io::stdout()).await;
        ended.map(|()| ExitCode::SUCCESS).map_err(|error| {
            Error::new(Code::ClusterUnreachable, format!("the connection to {host} broke: {error}"), "")
        })
    })
}

/// `[USER@]HOST:PORT`, as `%r@%h:%p` gives it; an IPv6 address has colons of its own.
fn host_and_port(target: &str) -> Result<(&str, u16), Error> {
    let bad = || invalid(format!("{target:?} is no target"), "write USER@HOST:PORT, as ssh's %r@%h:%p does");
    let target = target.rsplit_once('@').map_or(target, |(_, rest)| rest);
    let (host, port) = target.rsplit_once(':').ok_or_else(bad)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err(bad());
    }
    Ok((host, port.parse().map_err(|_| bad())?))
}

fn invalid(message: String, hint: &str) -> Error {
    Error::new(Code::RequestInvalid, message, hint)
}
