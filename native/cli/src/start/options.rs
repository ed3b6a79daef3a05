//! From what is typed to what the configuration would say.

use std::path::Path;

use machine_id::config::{OptionValue, TbotOptions};
use machine_id::error::{Code, Error};
use machine_id::method::JoinUri;

use super::hide::Typed;
use crate::args::Start;
use crate::args::start::{Destination, Options, Output};

/// tbot's variables, by the option that each stands for.
const PROXY: &str = "TELEPORT_PROXY";
const AUTH: &str = "TELEPORT_AUTH_SERVER";
/// Also where [`super::hide`] puts a token.
const TOKEN: &str = "TELEPORT_BOT_TOKEN";
/// Ours: tbot has no variable for the joining URI.
const JOIN_URI: &str = "MACHINE_ID_JOIN_URI";

/// What the command line and tbot's variables say.
pub(super) fn given(start: &Start) -> Result<TbotOptions, Error> {
    let Options { oneshot, certificate_ttl, renewal_interval, diag_addr, .. } = &start.options;
    let options = &start.options;
    let (join_uri, uri_by) = match options.join_uri.clone() {
        None => (variable(JOIN_URI), JOIN_URI),
        typed => (typed, "--join-uri"),
    };
    let mut keys = Vec::new();
    let mut add = |key, by, text: Option<String>| {
        if let Some(text) = text {
            keys.push((key, by, OptionValue::text(text)));
        }
    };
    // A typed address counts more than a variable for the other kind.
    let typed = options.proxy_server.is_some() || options.auth_server.is_some() || join_uri.is_some();
    let by_variable = |name| Some(name).filter(|_| !typed).and_then(variable);
    add("proxy_server", "--proxy-server", options.proxy_server.clone());
    add("proxy_server", PROXY, by_variable(PROXY));
    add("auth_server", "--auth-server", options.auth_server.clone());
    add("auth_server", AUTH, by_variable(AUTH).filter(|_| variable(PROXY).is_none()));
    add("certificate_ttl", "--certificate-ttl", certificate_ttl.clone());
    add("renewal_interval", "--renewal-interval", renewal_interval.clone());
    add("diag_addr", "--diag-addr", diag_addr.clone());
    add("join_uri", uri_by, join_uri);
    if *oneshot {
        keys.push(("oneshot", "--oneshot", OptionValue::Switch(true)));
    }
    keys.extend(onboarding(options));
    for (by, uri) in [("--storage", &options.storage), ("--data-dir", &options.data_dir)] {
        if let Some(uri) = uri {
            keys.push(("storage", by, OptionValue::Map(sink(by, uri)?)));
        }
    }
    let instead_of_outputs = start.destination_dir.is_some();
    let (legacy, own) = (start.destination_dir.as_deref().map(legacy), start.output.as_ref().map(output).transpose()?);
    let output = match (legacy, own.flatten()) {
        (Some(_), Some(_)) => {
            return Err(Error::new(
                Code::RequestInvalid,
                "--destination-dir stands beside an output of its own",
                "give the output's --destination alone",
            ));
        }
        (legacy, own) => legacy.or(own),
    };
    Ok(TbotOptions { keys, output, instead_of_outputs })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// As with tbot, one of these options takes the place of the whole section.
fn onboarding(options: &Options) -> Option<(&'static str, &'static str, OptionValue)> {
    // An empty one is none, as with tbot.
    let (token, by) = match (options.token.as_ref().filter(|token| !token.is_empty()), variable(TOKEN)) {
        (Some(token), _) => (Some(token.clone()), "--token"),
        (None, Some(token)) => (Some(token), TOKEN),
        (None, None) if options.join_method.is_some() => (None, "--join-method"),
        (None, None) => (None, "--ca-pin"),
    };
    let mut section = Vec::new();
    section.extend(token.map(|token| ("token".to_owned(), OptionValue::text(token))));
    section.extend(options.join_method.as_ref().map(|method| ("join_method".to_owned(), OptionValue::text(method))));
    if !options.ca_pin.is_empty() {
        let pins = options.ca_pin.iter().map(OptionValue::text).collect();
        section.push(("ca_pins".to_owned(), OptionValue::List(pins)));
    }
    (!section.is_empty()).then_some(("onboarding", by, OptionValue::Map(section)))
}

/// tbot's URI of a destination: a path, `file:///PATH`, or `memory://`.
fn sink(by: &'static str, uri: &str) -> Result<Vec<(String, OptionValue)>, Error> {
    let text = |key: &str, text: &str| (key.to_owned(), OptionValue::text(text));
    let directory = |path: &str| vec![text("type", "directory"), text("path", path)];
    match uri.split_once("://") {
        None if uri == "memory:" => Ok(vec![text("type", "memory")]),
        None => Ok(directory(uri.strip_prefix("file:").unwrap_or(uri))),
        Some(("file", path)) if path.starts_with('/') => Ok(directory(path)),
        Some(("memory", "")) => Ok(vec![text("type", "memory")]),
        Some(("kubernetes-secret", _)) => Err(Error::new(
            Code::Unsupported,
            format!("{by}: Kubernetes secrets aren't written here"),
            "give a directory, as file:///PATH",
        )),
        Some(_) => Err(Error::new(
            Code::RequestInvalid,
            format!("{by}: {uri:?} is no destination"),
            "give a directory, file:///PATH, or for --storage memory://",
        )),
    }
}

fn legacy(directory: &str) -> (&'static str, OptionValue) {
    let text = |key: &str, text: &str| (key.to_owned(), OptionValue::text(text));
    let destination = OptionValue::Map(vec![text("type", "directory"), text("path", directory)]);
    ("--destination-dir", OptionValue::Map(vec![text("type", "identity"), ("destination".to_owned(), destination)]))
}

fn output(output: &Output) -> Result<Option<(&'static str, OptionValue)>, Error> {
    let (kind, destination, keys) = match output {
        Output::Legacy => return Ok(None),
        Output::Identity(one) => {
            let reissue = Some(OptionValue::Switch(true)).filter(|_| one.allow_reissue);
            ("identity", &one.destination, vec![("cluster", text(one.cluster.as_ref())), ("allow_reissue", reissue)])
        }
        Output::Database(one) => (
            "database",
            &one.destination,
            vec![
                ("format", text(one.format.as_ref().filter(|format| !format.is_empty()))),
                ("service", text(Some(&one.service))),
                ("username", text(Some(&one.username))),
                ("database", text(Some(&one.database))),
            ],
        ),
        Output::Kubernetes(one) => (
            "kubernetes",
            &one.destination,
            vec![
                ("kubernetes_cluster", text(Some(&one.kubernetes_cluster))),
                ("disable_exec_plugin", Some(OptionValue::Switch(one.plugin.disable_exec_plugin))),
            ],
        ),
        Output::KubernetesV2(one) => {
            let names = one.name_selector.iter().map(|name| Ok(map("name", OptionValue::text(name))));
            let labels = one.label_selector.iter().map(|labels| Ok(map("labels", label_map(labels)?)));
            let selectors = OptionValue::List(names.chain(labels).collect::<Result<_, Error>>()?);
            let plugin = OptionValue::Switch(one.plugin.disable_exec_plugin);
            let keys = vec![("selectors", Some(selectors)), ("disable_exec_plugin", Some(plugin))];
            ("kubernetes/v2", &one.destination, keys)
        }
        Output::Application(one) => {
            let naming = Some(OptionValue::Switch(true)).filter(|_| one.specific_tls_extensions);
            ("application", &one.destination, vec![("app_name", text(Some(&one.app))), ("specific_tls_naming", naming)])
        }
    };
    let mut section = vec![
        ("type".to_owned(), OptionValue::text(kind)),
        ("destination".to_owned(), OptionValue::Map(destination_of(destination)?)),
    ];
    section.extend(keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    Ok(Some(("--destination", OptionValue::Map(section))))
}

fn destination_of(destination: &Destination) -> Result<Vec<(String, OptionValue)>, Error> {
    let mut keys = sink("--destination", &destination.destination)?;
    let users = destination.reader_user.iter().map(|name| map("user", OptionValue::text(name)));
    let groups = destination.reader_group.iter().map(|name| map("group", OptionValue::text(name)));
    let readers: Vec<_> = users.chain(groups).collect();
    if !readers.is_empty() {
        keys.push(("readers".to_owned(), OptionValue::List(readers)));
    }
    Ok(keys)
}

fn text(text: Option<&String>) -> Option<OptionValue> {
    text.map(OptionValue::text)
}

fn map(key: &str, value: OptionValue) -> OptionValue {
    OptionValue::Map(vec![(key.to_owned(), value)])
}

/// `LABEL=VALUE,LABEL=VALUE`.
fn label_map(labels: &str) -> Result<OptionValue, Error> {
    let pairs = labels.split(',').map(|pair| {
        let (label, value) = pair.split_once('=').ok_or_else(|| {
            Error::new(
                Code::RequestInvalid,
                format!("--label-selector: {pair:?} is no label with a value"),
                "write LABEL=VALUE,LABEL=VALUE",
            )
        })?;
        Ok((label.trim().to_owned(), OptionValue::text(value.trim())))
    });
    Ok(OptionValue::Map(pairs.collect::<Result<_, Error>>()?))
}

/// Whether the command line itself says which cluster is meant, so that no file is needed.
pub(super) fn name_a_cluster(options: &TbotOptions) -> bool {
    options.keys.iter().any(|(key, ..)| ["proxy_server", "auth_server", "join_uri"].contains(key))
}

/// What is typed and is a secret, which nobody should read on the command line.
pub(super) fn secrets(options: &Options) -> Vec<Typed<'_>> {
    let token = options.token.as_deref().filter(|token| is_secret_token(token, options)).map(|value| Typed {
        option: "--token",
        variable: TOKEN,
        instead: "give the path of a file with it",
        value,
    });
    let uri = options.join_uri.as_deref().filter(|uri| has_secret(uri)).map(|value| Typed {
        option: "--join-uri",
        variable: JOIN_URI,
        instead: "write it as join_uri into a configuration file that only this user can read",
        value,
    });
    // An empty one hides nothing.
    token.into_iter().chain(uri).filter(|typed| !typed.value.is_empty()).collect()
}

/// Not a file's path, and not the name of a token that needs a proof besides.
fn is_secret_token(token: &str, options: &Options) -> bool {
    let named_only = options.join_method.as_deref().is_some_and(|method| !["token", "bound_keypair"].contains(&method));
    !Path::new(token).is_absolute() && !named_only
}

/// Whether a joining URI says more than the name of a token; what can't be read as one may be anything.
fn has_secret(uri: &str) -> bool {
    match JoinUri::read(uri) {
        Some(Ok(uri)) => uri.method.has_secret_token() || uri.parameter.is_some(),
        Some(Err(_)) | None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joining_uri_is_a_secret_where_it_holds_one() {
        for (uri, secret) in [
            ("tbot+proxy+token://t0ken@example.com:443", true),
            ("tbot+proxy+bound-keypair://name:s3cret@example.com:443", true),
            ("tbot+proxy+bound-keypair://name@example.com:443", false),
            ("tbot+proxy+iam://name@example.com:443", false),
            ("anything", true),
        ] {
            assert_eq!(has_secret(uri), secret, "{uri}");
        }
    }

    #[derive(clap::Parser)]
    struct Typing {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn what_is_empty_is_no_secret_to_hide() {
        let hidden = |words: &[&str]| {
            let typed = <Typing as clap::Parser>::parse_from([&["start"], words].concat());
            secrets(&typed.options).iter().map(|secret| secret.option).collect::<Vec<_>>()
        };
        assert!(hidden(&["--join-uri", "", "--token", ""]).is_empty());
        assert_eq!(hidden(&["--join-uri", "x"]), ["--join-uri"]);
        assert_eq!(hidden(&["--token", "x"]), ["--token"]);
    }
}
