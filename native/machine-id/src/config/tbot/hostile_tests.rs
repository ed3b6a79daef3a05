//! Files that are no configuration at all, or want to do harm.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::tests::{faults, read, v2};
use crate::config::TbotConfig;

#[test]
fn text_that_is_not_one_plain_document_is_refused_by_line() {
    for (text, expected) in [
        ("a: [\n", "tbot.yaml:2: isn't YAML: "),
        ("a: b: c\n", "tbot.yaml:1: isn't YAML: "),
        ("a:\n\tb: c\n", "tbot.yaml:2: isn't YAML: "),
        ("- a\n", "tbot.yaml:1: the top isn't a mapping"),
        ("hello\n", "tbot.yaml:1: the top isn't a mapping"),
        ("a: *x\n", "tbot.yaml:1: isn't YAML: "),
        ("a: &x [*x]\n", "tbot.yaml:1: has an alias (*) that is a part of its own anchor"),
        ("a: &x 1\n*x : 2\n", "tbot.yaml:2: has an alias as key"),
        ("a: !!binary aGk=\n", "tbot.yaml:1: has the tag !!binary"),
        ("a: {<<: 1}\n", "tbot.yaml:1: merges (<<) what isn't a mapping"),
        ("? [a]\n: b\n", "tbot.yaml:1: has a list or mapping as key"),
        ("a: \"b\n", "tbot.yaml:"),
    ] {
        let found = faults(text);
        assert_eq!(found.len(), 1, "{text:?} {found:?}");
        assert!(found[0].starts_with(expected), "{text:?} {found:?}");
    }
    let error = TbotConfig::from_yaml("t", b"a: 1\nb: \xff\n", Path::new("/")).unwrap_err();
    assert_eq!(error.to_string(), "t:2: isn't UTF-8; save the file as UTF-8");
}

#[test]
fn a_key_that_is_there_twice_does_not_hide_other_faults() {
    let found = faults("proxy_server: a\noneshot: true\nproxy_server: b\nonshot: red\n");
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], "tbot.yaml:3: proxy_server: is there twice, first in line 1; each key once");
    assert_eq!(found[1], "tbot.yaml:4: onshot: unknown key; did you mean \"oneshot\"?");
}

#[test]
fn a_document_marker_a_byte_order_mark_and_windows_lines_are_fine() {
    let config = read("\u{feff}# made by hand\r\n---\r\nversion: v2\r\nproxy_server: a:1\r\n...\r\n# end\r\n").unwrap();
    assert_eq!(config.identity.cluster.port, 1);
}

#[test]
fn no_fault_repeats_a_token() {
    for text in [
        v2("onboarding: {join_method: hunter2hunter2, token: token}\n"),
        v2("onboarding: {token: [hunter2hunter2]}\n"),
        v2("onboarding: {token: hunter2hunter2, join_method: tpm}\n"),
        v2("onboarding:\n  token: hunter2hunter2: x\n"),
        v2("onboarding: hunter2hunter2\n"),
    ] {
        let error = read(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn aliases_that_grow_are_refused_soon() {
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for step in 1..20 {
        let before = step - 1;
        laughs += &format!("a{step}: &a{step} [{}]\n", vec![format!("*a{before}"); 9].join(", "));
    }
    let found = faults(&laughs);
    assert!(matches!(found.as_slice(), [one] if one.contains("aliases (*) make more than 10000 values")), "{found:?}");
    let mut deep = String::from("a0: &a0 [x]\n");
    for step in 1..100 {
        deep += &format!("a{step}: &a{step} [*a{}]\n", step - 1);
    }
    assert!(faults(&deep)[0].contains("is nested too deeply"), "{:?}", faults(&deep));
}

#[test]
fn hostile_files_are_refused_soon() {
    let deep = |count: usize, open: &str| format!("a: {}", open.repeat(count));
    let staircase: String = (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    for text in [
        deep(100_000, "["),
        deep(50_000, "{a: "),
        deep(60_000, "- "),
        deep(60_000, "? "),
        format!("{}a", "? ".repeat(100_000)),
        format!("{}\n", "- ".repeat(100_000)),
        staircase,
        "a".repeat(256 << 10),
        format!("a: \"{}", "\\".repeat(200_000)),
        format!("a: |\n{}", "  x\n".repeat(60_000)),
        format!("a: {}", "\"x\" ".repeat(60_000)),
        "a: 1\n".repeat(50_000),
        (0..30_000).map(|key| format!("k{key}: 1\n")).collect(),
        format!("a: [{}]", "b, ".repeat(80_000)),
        "%".repeat(200_000),
        "a: >\n".repeat(40_000),
        "\n".repeat(262_144),
    ] {
        #[expect(clippy::disallowed_methods, reason = "a bound on real time")]
        let before = Instant::now();
        let start: String = text.chars().take(12).collect();
        assert!(read(&text).is_err(), "{start:?}");
        assert!(before.elapsed() < Duration::from_secs(30), "{start:?} took {:?}", before.elapsed());
    }
    assert!(faults(&" ".repeat((256 << 10) + 1))[0].contains("at most 262144 are read"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = TbotConfig::from_yaml("t", &bytes, Path::new("/"));
    }

    #[test]
    fn any_pieces_of_yaml_are_read_or_refused(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "a", ":", ": ", "- ", "-", "\n", " ", "  ", "\t", "[", "]", "{", "}", ",", "\"", "'", "|", ">", "&a", "*a",
                "!", "!!str", "#", "%", "---", "...", "? ", "~", "\\", "\r", "é", "\u{2028}", "\0", "version", "storage",
                "onboarding", "outputs", "destinations", "token", "directory", "true", "1h", "/x",
            ]),
            0..40,
        ),
    ) {
        let _ = read(&pieces.concat());
    }

    #[test]
    fn any_scalar_is_read_or_refused_at_its_key(
        key in prop::sample::select(vec![
            "version", "proxy_server", "storage", "onboarding", "outputs", "services", "certificate_ttl",
            "credential_ttl", "renewal_interval", "oneshot", "debug", "insecure", "fips", "diag_addr",
        ]),
        value in "[^\\p{C}\"'\\\\]{0,40}",
        quote in prop::sample::select(vec!["", "\"", "'"]),
    ) {
        if let Err(error) = read(&format!("{key}: {quote}{value}{quote}\n")) {
            prop_assert!(!error.diagnostics().is_empty());
            prop_assert!(error.diagnostics().iter().all(|fault| fault.location.starts_with("tbot.yaml:")));
        }
    }
}
