//! `onboarding`: how the bot joins, the same in both versions.

use std::path::Path;

use crate::config::fault::{Place, Report};
use crate::config::json::{check_join, method};
use crate::config::model::{CaPin, CaSource, JoinConfig, JoinMethod, ProofSource, TokenSource};
use crate::config::tree::{Section, Tree};
use crate::config::value;
use crate::vocabulary::limits::CA_PINS;

/// Settings of join methods that aren't built; without their method they do nothing.
const OTHER_METHODS: &[&str] = &["azure", "bound_keypair", "generic_oidc", "oracle", "tpm", "iam", "gcp"];

/// Reads the section; a missing one is a bot that already has its identity.
pub(super) fn read(
    tree: Option<Tree>,
    base: &Path,
    report: &mut Report,
) -> (Vec<CaPin>, Option<CaSource>, Option<JoinConfig>) {
    let Some(tree) = tree else {
        let join = JoinConfig { method: JoinMethod::Token, token: TokenSource::Absent, proof: None };
        return (Vec::new(), None, Some(join));
    };
    let Some(mut section) = tree.section(report) else { return (Vec::new(), None, None) };
    let pins = section.take("ca_pins");
    let pins_place = pins.as_ref().map(|tree| tree.place.clone());
    let pins = pins.map(|list| list.parse_list(report, CA_PINS, value::ca_pin)).unwrap_or_default();
    let ca = section.take("ca_path").and_then(|tree| tree.parse(report, |text| value::path_below(text, base)));
    if let Some(place) = pins_place.filter(|_| ca.is_some() && !pins.is_empty()) {
        report.fault(&place, "stands beside ca_path; write one of them");
    }
    let method = match section.take("join_method") {
        Some(tree) => method(tree, report),
        None => Some(JoinMethod::Token),
    };
    let token = section.take("token").and_then(|tree| tree.text(report)).map_or(TokenSource::Absent, |token| {
        // tbot takes an absolute path for the name of a file that holds the token.
        match value::absolute_token_path(token.expose()) {
            Some(path) => TokenSource::File(path),
            None => TokenSource::Value(token),
        }
    });
    let proof = proof(&mut section, method, base, report);
    check_join(&section.place, method, &token, proof.as_ref(), report);
    section.finish(report);
    (pins, ca.map(CaSource::File), method.map(|method| JoinConfig { method, token, proof }))
}

/// The sub-section of a join method, whose only use here is to say where the proof is.
fn proof(section: &mut Section, method: Option<JoinMethod>, base: &Path, report: &mut Report) -> Option<ProofSource> {
    for other in OTHER_METHODS {
        if let Some(tree) = section.take_hidden(other) {
            report.warn(&tree.place, "does nothing: it belongs to another join method");
        }
    }
    let gitlab = of_method(section, "gitlab", JoinMethod::Gitlab, method, report).and_then(|mut gitlab| {
        let name = gitlab.take("token_env_var_name").and_then(|tree| tree.parse(report, value::variable));
        gitlab.finish(report);
        name.map(ProofSource::Variable)
    });
    let kubernetes =
        of_method(section, "kubernetes", JoinMethod::Kubernetes, method, report).and_then(|mut kubernetes| {
            let path =
                kubernetes.take("token_path").and_then(|t| t.parse(report, |text| value::path_below(text, base)));
            kubernetes.finish(report);
            path.map(ProofSource::File)
        });
    let terraform =
        of_method(section, "terraform", JoinMethod::TerraformCloud, method, report).and_then(|mut terraform| {
            let tag = terraform.take("audience_tag").and_then(|tree| tree.parse(report, value::variable));
            terraform.finish(report);
            tag.map(|tag| ProofSource::Variable(format!("TFC_WORKLOAD_IDENTITY_TOKEN_{tag}")))
        });
    gitlab.or(kubernetes).or(terraform)
}

fn of_method(
    section: &mut Section,
    key: &'static str,
    belongs_to: JoinMethod,
    method: Option<JoinMethod>,
    report: &mut Report,
) -> Option<Section> {
    let tree = section.take(key)?;
    let place: Place = tree.place.clone();
    let section = tree.section(report)?;
    if method == Some(belongs_to) {
        return Some(section);
    }
    if method.is_some() {
        let message = format!("does nothing: it belongs to join_method {}", belongs_to.as_str());
        report.warn(&place, &message);
    }
    section.ignore_rest();
    None
}
