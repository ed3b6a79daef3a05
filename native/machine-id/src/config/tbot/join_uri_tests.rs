//! Joining URIs in place of address, method and token.

use std::path::Path;

use super::tests::{faults, read, v2};
use crate::config::{AddressKind, TbotConfig, TokenSource};

#[test]
fn a_joining_uri_says_where_the_cluster_is_and_how_to_join() {
    for text in [
        "version: v2\njoin_uri: tbot+proxy+token://t0ken@example.com:3080\n",
        "version: v2\nonboarding: {join_uri: 'tbot+proxy+token://t0ken@example.com:3080'}\n",
        "version: v2\nonboarding: {token: 'tbot+proxy+token://t0ken@example.com:3080'}\n",
        "version: v2\nproxy_server: example.com:3080\nonboarding: {join_uri: 'tbot+proxy+token://t0ken@example.com:3080'}\n",
    ] {
        let identity = read(text).unwrap().identity;
        assert_eq!((identity.cluster.host.as_str(), identity.cluster.port), ("example.com", 3080), "{text}");
        assert!(matches!(&identity.join.token, TokenSource::Value(token) if token.expose() == "t0ken"));
    }
    // Which method's section is read says the URI.
    let text =
        "version: v2\njoin_uri: tbot+proxy+kubernetes://ci@example.com\nonboarding: {kubernetes: {token_path: /t}}\n";
    let config = read(text).unwrap();
    assert!(
        config.warnings.iter().all(|warning| !warning.contains("does nothing: it belongs")),
        "{:?}",
        config.warnings
    );
    assert_eq!(config.identity.join.settings.path("token_path"), Some(Path::new("/t")));
    let auth = read("version: v2\njoin_uri: tbot+auth+token://t0ken@example.com\n").unwrap().identity.cluster;
    assert_eq!((auth.kind, auth.port), (AddressKind::AuthOrProxy, 3025));
    assert_eq!(
        faults(&v2("onboarding: {token: a, join_uri: 'tbot+proxy+token://t0ken@example.com'}\n")),
        ["tbot.yaml:3: onboarding.join_uri: stands beside token; write one of them"]
    );
    assert_eq!(
        faults(&v2("join_uri: tbot+proxy+token://t0ken@other.example.com\n")),
        [
            "tbot.yaml:2: proxy_server: isn't that of the joining URI: it is for other.example.com:443, and example.com:443 \
          is configured; take one of them"
        ]
    );
}

#[test]
fn a_text_that_is_no_joining_uri_is_no_token_either() {
    const NONE: &str = "isn't a joining URI; write it as tctl prints it: tbot+proxy+METHOD://TOKEN:SECRET@HOST:PORT";
    for (text, place) in [
        ("join_uri: hunter2\n", "tbot.yaml:3: join_uri"),
        ("join_uri: hunter2\nonboarding: {ca_pins: []}\n", "tbot.yaml:3: join_uri"),
        ("onboarding:\n  join_uri: hunter2\n", "tbot.yaml:4: onboarding.join_uri"),
        ("onboarding:\n  join_method: gitlab\n  join_uri: hunter2\n", "tbot.yaml:5: onboarding.join_uri"),
    ] {
        assert_eq!(faults(&v2(text)), [format!("{place}: {NONE}")], "{text}");
    }
    let error =
        TbotConfig::from_yaml_and_uri("tbot.yaml", v2("").as_bytes(), Path::new("/w"), Some("hunter2")).unwrap_err();
    assert_eq!(error.to_string(), format!("--join-uri: {NONE}"));
}

#[test]
fn a_fault_of_a_joining_uri_is_placed_where_it_stands() {
    let bad = "tbot+proxy+token:x@c";
    for (text, place) in [
        (format!("join_uri: {bad}\n"), "tbot.yaml:3: join_uri: "),
        (format!("onboarding:\n  token: {bad}\n"), "tbot.yaml:4: onboarding.token: "),
        (format!("onboarding:\n  join_uri: {bad}\n"), "tbot.yaml:4: onboarding.join_uri: "),
    ] {
        let [fault] = &faults(&v2(&text))[..] else { panic!("{text}") };
        assert!(fault.starts_with(&format!("{place}isn't a joining URI that can be used: ")), "{fault}");
    }
}
