//! Builds that a Jenkins vouches for: the token resource is the set-up page's, the claims are those that the plugin
//! signs, and the agent is the library, which was given the statement.

use e2e::advice::{RULES, UNKNOWN_KEY};
use e2e::given::Agent;
use e2e::wait::{LONG, until};
use machine_id::error::{Code, Error};
use serde_json::{Value, json};

use crate::audit;
use crate::cluster::Teleport;
use crate::page::{self, Page};

/// How long the log may take.
const SOON: std::time::Duration = std::time::Duration::from_secs(20);

/// Its token resource and its bot have this name, too.
const IDENTITY: &str = "signed-kubernetes";

/// A cluster that was given a page, and an agent of a Jenkins whose rotation is there.
fn agent(teleport: &Teleport, page: &str) -> Agent {
    give(teleport, page);
    Agent::of(teleport, "kubernetes", IDENTITY, &json!({"given": true}))
}

fn give(teleport: &Teleport, page: &str) {
    teleport.tctl.try_create_text(&Page::read(page).text).succeeded();
}

/// Signed by the first or the second key.
fn signed(teleport: &Teleport, key: usize, claims: &Value) -> String {
    let both = Page::read("signed-kubernetes-published").key_ids();
    let statement = teleport.issuer.statement(key, &both[key], claims);
    teleport.secrets.add(&statement);
    statement
}

fn genuine(teleport: &Teleport, key: usize) -> String {
    signed(teleport, key, &page::claims(IDENTITY))
}

/// The joins of the bot that the log has.
fn joins(teleport: &Teleport) -> Vec<Value> {
    let events = audit::events(&teleport.data(), "bot.join").into_iter();
    events.filter(|event| event["token_name"] == IDENTITY).collect()
}

#[track_caller]
fn assert_refused(error: &Error, words: &str, advice: &str) {
    let said = error.to_string();
    assert_eq!(error.code(), Code::JoinRejected, "{said}");
    assert!(said.contains(words), "{said}");
    assert_eq!(error.hint(), advice, "{said}");
}

/// By `kubernetes`; nothing of the bot stays on the agent. Its event has what `docs/issuer.md` shows.
pub(crate) fn a_build_joins_and_the_audit_log_names_it(teleport: &Teleport) {
    let agent = agent(teleport, IDENTITY);
    let before = joins(teleport).len();
    agent.acquire(Some(&genuine(teleport, 0))).unwrap();
    assert!(agent.lease().join("ssh_config").exists());
    assert_eq!(agent.kept(), Vec::<std::path::PathBuf>::new());
    let event = until("the event of the join", LONG, || joins(teleport).into_iter().nth(before));
    println!("  {event}");
    for (name, value) in [("code", "TJ001I"), ("bot_name", IDENTITY), ("method", "kubernetes")] {
        assert_eq!(event[name], value, "{event}");
    }
    assert_eq!(event["success"], true);
    if teleport.version().major() >= 16 {
        assert_eq!(event["user_name"], format!("bot-{IDENTITY}"));
    }
    let (shown, claims) = (&event["attributes"], page::claims(IDENTITY));
    assert_eq!(shown["type"], "static_jwks", "{event}");
    assert_eq!(shown["username"], claims["sub"]);
    for name in ["sub", "iss", "kubernetes.io"] {
        assert_eq!(shown["raw"][name], claims[name], "{event}");
    }
    let audience = &shown["raw"]["aud"];
    assert!(*audience == claims["aud"] || *audience == json!([claims["aud"]]), "{event}");
    // A fresh statement renews what the block has.
    let key = agent.key();
    agent.acquire(Some(&genuine(teleport, 0))).unwrap();
    assert_ne!(agent.key(), key);
    until("the event of the second join", LONG, || joins(teleport).into_iter().nth(before + 1));
    agent.release();
}

/// What is genuine and about something else.
pub(crate) fn others_are_refused(teleport: &Teleport) {
    let agent = agent(teleport, IDENTITY);
    let refused = "kubernetes token did not match any allow rules";
    for sub in [
        "system:serviceaccount:team/app:deploy2@signed-kubernetes",
        "system:serviceaccount:team/app:deploy@signed-gitlab",
        "system:serviceaccount:team/app:deploy",
        "system:serviceaccount:team:app/deploy@signed-kubernetes",
        "system:serviceaccount:team/app:Deploy@signed-kubernetes",
    ] {
        let mut claims = page::claims(IDENTITY);
        claims["sub"] = json!(sub);
        let error = agent.acquire(Some(&signed(teleport, 0, &claims))).unwrap_err();
        assert_refused(&error, refused, RULES);
    }
    assert!(!agent.lease().exists());
    // 15.0.0-dev writes none yet.
    if teleport.version().major() >= 16 {
        let is_ours = |event: &Value| event["code"] == "TJ001E" && event["error"].to_string().contains(refused);
        let find = || audit::events(&teleport.data(), "bot.join").into_iter().find(is_ours);
        let event = until("the event of a refused join", SOON, find);
        println!("  {event}");
        assert_eq!(event["success"], false, "{event}");
    }
    agent.acquire(Some(&genuine(teleport, 0))).unwrap();
    agent.release();
}

/// Nobody notices.
pub(crate) fn a_rotation_whose_key_was_given_first(teleport: &Teleport) {
    let agent = agent(teleport, IDENTITY);
    agent.acquire(Some(&genuine(teleport, 0))).unwrap();
    // Published, and given to the token resource; then it signs.
    give(teleport, "signed-kubernetes-published");
    // It is seen a moment later.
    until("the second key's time", LONG, || agent.acquire(Some(&genuine(teleport, 1))).ok());
    agent.acquire(Some(&genuine(teleport, 0))).unwrap();
    // Dropped here and there: who has the old key has nothing.
    give(teleport, "signed-kubernetes-dropped");
    until("the old key's end", LONG, || agent.acquire(Some(&genuine(teleport, 0))).err());
    let error = agent.acquire(Some(&genuine(teleport, 0))).unwrap_err();
    assert_refused(&error, "unsupported key type/format", UNKNOWN_KEY);
    agent.acquire(Some(&genuine(teleport, 1))).unwrap();
    agent.release();
}

/// Refused until the token resource has it; then the next statement joins.
pub(crate) fn a_rotation_whose_key_was_given_too_late(teleport: &Teleport) {
    let before = agent(teleport, IDENTITY);
    until("the cluster to have the first key alone", LONG, || before.acquire(Some(&genuine(teleport, 1))).err());
    before.release();
    let agent = agent(teleport, IDENTITY);
    let error = agent.acquire(Some(&genuine(teleport, 1))).unwrap_err();
    assert_refused(&error, "unsupported key type/format", UNKNOWN_KEY);
    assert!(!agent.lease().exists());
    give(teleport, "signed-kubernetes-published");
    until("a join with the new key", LONG, || agent.acquire(Some(&genuine(teleport, 1))).ok());
    agent.release();
    // As it was, for whoever plays next.
    give(teleport, IDENTITY);
}
