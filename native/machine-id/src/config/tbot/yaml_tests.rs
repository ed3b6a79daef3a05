//! YAML as tbot takes it: anchors, aliases, merge keys, tags, further documents, keys that nobody reads.

use super::tests::{faults, read, v2};
use crate::config::{AclMode, GroupRef, Reader, TokenSource, UserRef};

#[test]
fn anchors_aliases_and_merge_keys_are_what_they_stand_for() {
    let config = read(
        "version: v2\nproxy_server: &host p.example.com:443\nx-all: &all\n  type: identity\n  roles: &roles [a, b]\n\
         x-place: &place {type: directory, acls: required, path: /never}\nonboarding: {join_method: iam, token: &t x}\n\
         outputs:\n- <<: *all\n  destination: {<<: *place, path: /o}\n\
         - <<: [{roles: [c]}, *all]\n  destination:\n    path: /p\n    <<: *place\n\
         - {type: kubernetes, kubernetes_cluster: *t, roles: *roles, destination: {type: directory, path: /q}}\n",
    )
    .unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let [first, second, third] = config.outputs.as_slice() else { panic!("three outputs") };
    assert_eq!(
        (first.roles.as_slice(), first.destination.acls),
        (&["a".to_owned(), "b".to_owned()][..], AclMode::Required)
    );
    assert_eq!((first.destination.path.to_str(), second.destination.path.to_str()), (Some("/o"), Some("/p")));
    assert_eq!(second.roles, ["c"]);
    assert_eq!(third.roles, ["a", "b"]);
}

#[test]
fn a_fault_behind_an_alias_is_told_where_it_was_written() {
    let found = faults(
        "version: v2\nproxy_server: p\nx-d: &d\n  type: directory\n  path: /o\n  acls: never\noutputs:\n- type: identity\n  destination: *d\n",
    );
    assert_eq!(found, ["tbot.yaml:6: outputs[0].destination.acls: is \"never\"; allowed: off, try, required"]);
}

#[test]
fn tags_are_passed_over_as_tbot_does() {
    let config =
        read(&v2("onboarding: !!map {join_method: !!str token, token: !vault 0123}\noneshot: !!bool true\n")).unwrap();
    assert!(
        config.oneshot && matches!(&config.identity.join.token, TokenSource::Value(token) if token.expose() == "0123")
    );
}

#[test]
fn a_second_document_is_not_read_and_a_warning_says_so() {
    for more in ["---\nversion: [\n", "...\n---\ncolour: red\n"] {
        let config = read(&v2(&format!("onboarding: {{join_method: iam, token: t}}\noutputs: []\n{more}"))).unwrap();
        assert!(config.warnings[0].contains("a second document begins"), "{more} {:?}", config.warnings);
    }
}

#[test]
fn a_key_that_no_version_of_tbot_reads_is_named_and_a_misspelt_one_is_a_fault() {
    let output = |more: &str| {
        v2(&format!("outputs:\n- type: identity\n  {more}\n  destination: {{type: directory, path: /o}}\n"))
    };
    let config = read(&output("colour: red")).unwrap();
    let told = "tbot.yaml:5: outputs[0].colour: does nothing: no version of tbot reads such a key; remove it";
    assert_eq!(config.warnings, [told]);
    assert_eq!(faults(&output("role: [a]")), ["tbot.yaml:5: outputs[0].role: unknown key; did you mean \"roles\"?"]);
    let pin = v2(&format!("onboarding: {{ca_pin: ['sha256:{}'], token: t}}\n", "a".repeat(64)));
    assert_eq!(faults(&pin), ["tbot.yaml:3: onboarding.ca_pin: unknown key; did you mean \"ca_pins\"?"]);
}

#[test]
fn readers_are_users_and_groups() {
    let readers = |list: &str| {
        let text =
            format!("outputs: [{{type: identity, destination: {{type: directory, path: /o, readers: {list}}}}}]");
        read(&v2(&text)).map(|config| config.outputs[0].destination.readers.clone())
    };
    assert_eq!(
        readers("[{user: a}, {group: 7}, {group: web}]").unwrap(),
        [
            Reader::User(UserRef::Name("a".to_owned())),
            Reader::Group(GroupRef::Id(7)),
            Reader::Group(GroupRef::Name("web".to_owned())),
        ]
    );
    for wrong in ["[{}]", "[{user: a, group: b}]"] {
        let error = readers(wrong).unwrap_err().to_string();
        assert!(error.ends_with("readers[0]: needs exactly one of user and group"), "{error}");
    }
}

#[test]
fn the_file_of_tbot_configure_of_18_starts() {
    let config = read(
        "version: v2\nonboarding:\n  token: \"00000000000000000000000000000000\"\n  join_method: token\nstorage:\n  \
         type: directory\n  path: BOT\n  symlinks: try-secure\n  acls: \"off\"\ndebug: false\n\
         proxy_server: teleport.example.com:443\ncredential_ttl: 1h0m0s\nrenewal_interval: 20m0s\nleeway: 1m0s\n\
         oneshot: true\nfips: false\noutputs: [{type: identity, destination: {type: directory, path: o}}]\n",
    )
    .unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}
