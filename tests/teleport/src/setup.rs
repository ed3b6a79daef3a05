//! The set-up page's resources, each fed to `tctl create -f` as it stands.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::Teleport;
use crate::page::Page;

/// How long what was made may be unseen.
const CACHE: Duration = Duration::from_secs(5);

/// The first version that takes what a page is about.
fn since(page: &str) -> (u32, u32) {
    let form = page.trim_end_matches("-published").trim_end_matches("-dropped");
    match form {
        "method-iam" => (9, 0),
        "method-github" => (11, 0),
        "method-azure" | "method-circleci" | "method-kubernetes" => (12, 0),
        "method-gitlab" => (12, 2),
        "method-gcp" => (13, 2),
        "signed-kubernetes" | "agents-kubernetes" | "hostile-kubernetes" => (14, 0),
        "method-spacelift" => (15, 0),
        "method-terraform-cloud" => (16, 0),
        "method-bitbucket" => (17, 0),
        "signed-gitlab" | "agents-gitlab" | "hostile-gitlab" => (17, 4),
        "method-azure-devops" => (17, 5),
        "method-bound-keypair" => (18, 1),
        "method-env0" => (18, 4),
        "method-generic-oidc" | "signed-generic-oidc" | "agents-generic-oidc" | "hostile-generic-oidc" => (18, 11),
        _ => panic!("say since when Teleport takes {page}"),
    }
}

/// What a cluster of a version does with a page; also that of a development snapshot, whose day isn't known.
fn is_due(teleport: &Teleport, page: &str) -> Option<bool> {
    let (version, first) = (teleport.version(), since(page));
    let own = (version.major(), version.minor());
    // Whatever came in the year before it can be in a snapshot or not.
    let unsure = version.is_snapshot() && own.1 == 0 && first > (own.0 - 1, 0) && first.0 <= own.0;
    (!unsure).then(|| own >= first)
}

/// Whether all that was sent is there; numbers as texts.
fn holds(kept: &Value, sent: &Value) -> bool {
    match sent {
        Value::Object(sent) => sent.iter().all(|(key, each)| holds(&kept[key], each)),
        Value::Array(sent) => match kept.as_array() {
            Some(kept) => kept.len() == sent.len() && kept.iter().zip(sent).all(|(kept, sent)| holds(kept, sent)),
            // So are labels of one value shown.
            None => matches!(&sent[..], [one] if holds(kept, one)),
        },
        Value::String(text) => {
            kept.as_str() == Some(text) || kept.as_u64().is_some_and(|number| text.parse() == Ok(number))
        }
        _ => false,
    }
}

/// Twice, since a page says that it may be fed again.
fn feed(teleport: &Teleport, page: &Page) -> Result<(), String> {
    for _ in 0..2 {
        let made = teleport.tctl.try_create_text(&page.text);
        if made.status != Some(0) {
            return Err(made.stderr.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    page.documents().iter().try_for_each(|document| kept(teleport, document))
}

/// Whether a resource is there as it was sent. What has just been made is seen a moment later.
fn kept(teleport: &Teleport, sent: &Value) -> Result<(), String> {
    let name = format!("{}/{}", sent["kind"].as_str().unwrap(), sent["metadata"]["name"].as_str().unwrap());
    let end = Instant::now() + CACHE;
    loop {
        let seen = teleport.tctl.attempt(&["get", &name, "--format=json"]);
        let seen: Value = serde_json::from_str(&seen.stdout).unwrap_or_default();
        let kept = if seen.is_array() { &seen[0] } else { &seen };
        if holds(&kept["spec"], &sent["spec"]) {
            return Ok(());
        }
        if Instant::now() > end {
            let kept: String = kept["spec"].to_string().chars().take(300).collect();
            return Err(format!("of {name} it keeps {kept} alone"));
        }
    }
}

/// Each kind of identity, and names that are hostile: what was written is what the cluster has, and nothing else.
pub(crate) fn resources_are_taken_whole(teleport: &Teleport) {
    let mut wrong = Vec::new();
    for page in Page::all() {
        let (fed, due) = (feed(teleport, &page), is_due(teleport, &page.name));
        let enterprise = fed.as_ref().is_err_and(|why| why.contains("requires Teleport Enterprise"));
        println!("  {}: {}", page.name, fed.as_ref().map_or_else(|why| format!("no, {why}"), |()| "taken".to_owned()));
        if !enterprise && due.is_some_and(|due| due != fed.is_ok()) {
            wrong.push((page.name, fed));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::holds;

    #[test]
    fn what_is_dropped_changed_or_split_is_seen() {
        let sent = json!({"name": "a", "limit": "1", "allow": [{"job": "b"}, {"job": "c"}], "label": ["d"]});
        let mut kept = json!({"name": "a", "limit": 1, "allow": [{"job": "b"}, {"job": "c"}], "label": "d", "more": 7});
        assert!(holds(&kept, &sent));
        for (name, other) in [
            ("name", json!(null)),
            ("name", json!("A")),
            ("limit", json!(2)),
            ("allow", json!([{"job": "b"}])),
            ("allow", json!([{"job": "b"}, {"job": "c"}, {"job": "*"}])),
            ("allow", json!(null)),
            ("label", json!(["d", "e"])),
        ] {
            let before = std::mem::replace(&mut kept[name], other);
            assert!(!holds(&kept, &sent), "{kept}");
            kept[name] = before;
        }
    }
}
