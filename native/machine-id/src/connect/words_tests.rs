use proptest::prelude::*;

use super::*;

type Question = (&'static str, fn(&str) -> bool);

/// What tells refusals apart that come with the same status.
const QUESTIONS: &[Question] = &[
    ("locked", locked),
    ("generation_mismatch", generation_mismatch),
    ("bot_deleted", bot_deleted),
    ("bare_denial", bare_denial),
    ("validity_passed", validity_passed),
    ("rate_reached", rate_reached),
    ("impersonation", impersonation),
    ("role_request", role_request),
    ("missing_role", |text| missing_role(text).is_some()),
    ("must_provide", must_provide),
    ("token_of_another_role", token_of_another_role),
    ("already_joined", |text| already_joined(text).is_some()),
    ("page_not_found", page_not_found),
    ("end_of_stream", end_of_stream),
];

/// Texts with the versions that say so (recorded: 15 and 16; read in the sources: the others), and all that is recognised
/// in them.
const TEXTS: &[(&str, &str, &[&str])] = &[
    ("9-20", "lock targeting User:\"bot-lk\" is in force: test lock", &["locked"]),
    ("18-20", "lock targeting BotInstanceID:\"1f0c\" is in force", &["locked"]),
    ("18-20", "lock targeting JoinToken:\"bk\" is in force: rotation failed", &["locked"]),
    (
        "9-17",
        "lock targeting User:\"bot-x\" is in force: The bot user \"bot-x\" has been locked due to a certificate \
         generation mismatch",
        &["locked", "generation_mismatch"],
    ),
    ("9-15", "renewable cert generation mismatch: stored=2, presented=1", &["generation_mismatch"]),
    ("16-20", "cert generation mismatch for bot x/1f0c: stored=2, presented=1", &["generation_mismatch"]),
    ("16-20", "cert generation mismatch for bot x/1f0c: instance not found", &["generation_mismatch"]),
    ("12-16", "access denied\n\tuser \"bot-gone\" not found", &["bot_deleted"]),
    ("9-20", "access denied", &["bare_denial"]),
    ("9-20", "access denied: client credentials have expired, please relogin.", &["validity_passed"]),
    ("9-20", "max rate reached: retry-in 1.5s", &["rate_reached"]),
    ("9-20", "user \"bot-x\" has requested role impersonation for [\"access\"]", &["impersonation"]),
    ("9-20", "access denied: impersonation is not allowed", &["impersonation"]),
    ("9-20", "role requests require a list of roles", &["role_request"]),
    ("9-20", "role nosuch is not found", &["missing_role"]),
    ("12-20", "must provide database user name to generate certificate for database \"mongo1\"", &["must_provide"]),
    (
        "9-20",
        "node \"n\" [aa] can not join the cluster, the token does not allow \"Bot\" role",
        &["token_of_another_role"],
    ),
    (
        "9-15",
        "user \"bot-x\" has already been issued a renewable certificate and cannot be issued another; delete it first",
        &["already_joined"],
    ),
    ("9-20", "404 page not found\n", &["page_not_found"]),
    ("9-20", "EOF", &["end_of_stream"]),
    // Said by servers too, and none of the above.
    ("9-20", "\"n\" can not join the cluster with role \"Bot\", token expired or not found", &[]),
    ("9-20", "remote cluster \"x\" is not found", &[]),
    ("9-20", "access denied: intermediaries are not supported", &[]),
    ("13-20", "failed to dial target host\n\tdirect dialing to nodes not found in inventory is not supported", &[]),
    ("9-20", "Database comparison failed, try the request again", &[]),
    ("9-20", "private key policy not met", &[]),
    ("9-20", "message larger than max", &[]),
    ("9-20", "", &[]),
];

fn recognised(text: &str) -> Vec<&'static str> {
    QUESTIONS.iter().filter(|(_, is)| is(text)).map(|(name, _)| *name).collect()
}

#[test]
fn each_text_of_each_version_is_recognised_as_what_it_is_and_as_nothing_else() {
    for (versions, text, expected) in TEXTS {
        assert_eq!(recognised(text), *expected, "{versions}: {text}");
    }
    let asked = |name: &str| TEXTS.iter().any(|(_, _, expected)| expected.contains(&name));
    assert_eq!(QUESTIONS.iter().find(|(name, _)| !asked(name)).map(|(name, _)| name), None, "without a text");
}

#[test]
fn names_in_texts_are_found() {
    assert_eq!(missing_role("role \"nosuch\" is not found").as_deref(), Some("nosuch"));
    assert_eq!(missing_role("role "), None);
    assert_eq!(already_joined("user \"bot-x\" has already been issued a renewable certificate").unwrap(), "bot-x");
    assert_eq!(already_joined("it has already been issued a renewable certificate").unwrap(), "");
    assert_eq!(listed("user \"bot-x\" has requested role impersonation for [\"a\" \"b\"]"), ["a", "b"]);
    assert!(listed("no list").is_empty());
}

#[test]
fn what_a_text_is_about_is_seen() {
    assert!(about_a_target("Kubernetes cluster \"nope\" is not registered in this Teleport cluster"));
    assert!(about_a_target("database \"db1\" is not found") && !about_a_target("invalid username"));
    assert!(about_a_cluster("cluster \"x\" is not found") && !about_a_cluster("ambiguous host"));
    assert!(about_a_rate("max rate reached") && about_a_rate("Rate limit exceeded"));
    assert!(!about_a_rate("message larger than max"));
}

#[test]
fn the_delay_of_a_rate_limit_is_read() {
    assert_eq!(retry_in("max rate reached: retry-in 1.5s"), Some(Duration::from_millis(1500)));
    assert_eq!(retry_in("max rate reached: retry-in 1m2s"), Some(Duration::from_secs(62)));
    assert_eq!(retry_in("max rate reached: retry-in 0s"), None);
    for text in ["", "retry-in ", "retry-in x", "retry-in 5", "retry-in 1e999s", "retry-in 99999999999999999999999h"] {
        assert_eq!(retry_in(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        recognised(&text);
        let _ = (about_a_target(&text), about_a_cluster(&text), about_a_rate(&text), listed(&text));
        let _ = (retry_in(&text), retry_in(&format!("retry-in {text}")));
    }

    #[test]
    fn wrapping_hides_nothing_that_may_stand_anywhere(
        at in 0..TEXTS.len(), before in "[a-z0-9 :]{0,20}", after in "[a-z0-9 :]{0,20}",
    ) {
        // These are about the whole text, or its beginning.
        const WHOLE: [&str; 3] = ["bare_denial", "end_of_stream", "missing_role"];
        let (_, text, expected) = TEXTS[at];
        let found = recognised(&format!("{before}\n\t{text}\n\t{after}").to_uppercase());
        for name in expected.iter().filter(|name| !WHOLE.contains(name)) {
            prop_assert!(found.contains(name), "{name}");
        }
    }

    #[test]
    fn a_delay_is_read_as_go_writes_it(millis in 1_u64..10_000_000) {
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let text = format!("max rate reached: retry-in {}m{}.{rest:03}s", seconds / 60, seconds % 60);
        let read = retry_in(&text).unwrap();
        let wanted = Duration::from_millis(millis);
        prop_assert!(read.abs_diff(wanted) < Duration::from_micros(1), "{text}: {read:?}");
    }
}
