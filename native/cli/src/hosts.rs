//! `machine-id hosts`: the hosts that a destination's roles see, for loops in a shell.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use machine_id::connect::{Address, ClientCredential, Host};
use machine_id::error::{Code, Error};
use machine_id::identity::TlsFacts;
use machine_id::proxy::{self, Labels};
use machine_id::version::Version;
use serde::Serialize;

use crate::args;
use crate::proxy_ssh::{connector, proxy_address};
use crate::{files, runtime, stdout};

/// The most labels that a message lists.
const LISTED: usize = 10;

#[derive(Serialize)]
struct Line<'a> {
    /// What `ssh` is given.
    address: &'a str,
    name: &'a str,
    uuid: &'a str,
    labels: &'a BTreeMap<String, String>,
}

pub(crate) fn run(arguments: &args::Hosts) -> Result<ExitCode, Error> {
    let labels = Labels::parse(arguments.labels.iter().map(String::as_str))?;
    let directory = given(arguments.destination_dir.as_ref(), "--destination-dir", "MACHINE_ID_DIR")?;
    let proxy = given(arguments.proxy.as_ref(), "--proxy", "TELEPORT_PROXY")?;
    let identity = files::identity(Path::new(&directory))?;
    let facts = TlsFacts::parse(&identity.certificates.tls)?;
    let cluster =
        arguments.cluster.clone().or(facts.subject.cluster).ok_or_else(|| {
            Error::new(Code::RequestInvalid, "the certificate names no cluster", "name it by --cluster")
        })?;
    let credential = ClientCredential::new(&identity.key.pkcs8_der(), &identity.certificates.tls)?;
    // All of them: only so is it seen whose name another host has too.
    let all = runtime::single()?.block_on(list(
        &proxy_address(&proxy.to_string_lossy())?,
        &cluster,
        &identity.host_cas,
        &credential,
    ))?;
    let mut chosen = BTreeMap::new();
    for host in all.iter().filter(|host| labels.are_of(host)) {
        match proxy::address(host, &all, &cluster) {
            Some(address) => drop(chosen.insert(address, host)),
            None => eprintln!("machine-id: warning: a host is left out: neither its name nor its UUID can be typed"),
        }
    }
    if chosen.is_empty() {
        return Err(none(&all, &labels, &cluster));
    }
    stdout::say(&if arguments.json { json(&chosen)? } else { Vec::from_iter(chosen.into_keys()).join("\n") })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(
    proxy: &Address,
    cluster: &str,
    host_cas: &[String],
    credential: &ClientCredential,
) -> Result<Vec<Host>, Error> {
    let mut way = proxy::ProxyRoute {
        cluster: cluster.to_owned(),
        proxy: proxy.clone(),
        ssh_proxy: None,
        connection_upgrade: false,
        server_version: Version::default(),
    };
    let connector = connector(&way)?;
    way.connection_upgrade = connector.needs_upgrade(proxy).await;
    Ok(proxy::hosts(&connector, &way.cluster(), host_cas, credential, &Labels::default()).await?)
}

/// What was typed, else what a block or `machine-id run` sets.
fn given(typed: Option<&OsString>, option: &str, variable: &str) -> Result<OsString, Error> {
    let set = || std::env::var_os(variable).filter(|value| !value.is_empty());
    typed.cloned().or_else(set).ok_or_else(|| {
        let message = format!("{option} is not given, and {variable} is not set");
        Error::new(Code::RequestInvalid, message, "both stand in the environment of a block and of `machine-id run`")
    })
}

fn json(chosen: &BTreeMap<String, &Host>) -> Result<String, Error> {
    let line = |(address, host): (&'_ String, &&'_ Host)| {
        serde_json::to_string(&Line { address, name: &host.name, uuid: &host.id, labels: &host.labels })
    };
    let lines: Result<Vec<String>, _> = chosen.iter().map(line).collect();
    let lines =
        lines.map_err(|error| Error::new(Code::Internal, format!("cannot write JSON: {error}"), "report this"))?;
    Ok(format!("[{}]", lines.join(",\n ")))
}

/// Says what there is instead: values of the wished labels first.
fn none(all: &[Host], labels: &Labels, cluster: &str) -> Error {
    if all.is_empty() {
        let message = format!("the roles of this certificate see no host in cluster {cluster}");
        return Error::new(Code::TargetUnknown, message, "check the roles' node_labels, and `tctl nodes ls`");
    }
    let wished = |label: &String| labels.as_map().contains_key(label);
    let known: BTreeSet<(bool, String)> = all
        .iter()
        .flat_map(|host| &host.labels)
        .map(|(label, value)| (!wished(label), format!("{label}={value}")))
        .collect();
    let listed: Vec<&str> = known.iter().take(LISTED).map(|(_, text)| text.as_str()).collect();
    let more = if known.len() > LISTED { ", …" } else { "" };
    let hosts = if all.len() == 1 { "one host".to_owned() } else { format!("{} hosts", all.len()) };
    let hint = match listed.as_slice() {
        [] => format!("they see {hosts}, without labels"),
        listed => format!("they see {hosts}, with labels {}{more}", listed.join(", ")),
    };
    let labels = labels.clone();
    let message = proxy::HostsError::NoneHas { labels, cluster: cluster.to_owned() }.to_string();
    Error::new(Code::TargetUnknown, message, hint)
}
