//! A row of the table, and how it is shown.

use e2e::advice::{NO_ID_TOKEN, NO_NAMED_TOKEN};
use e2e::{Cluster, Machine, Outcome, join};
use teleport_double::{Refusal, RefusalKind, TokenOptions};

/// Name of each token resource, which is no secret.
pub(super) const NAME: &str = "jenkins";
/// What the double takes for an ID token.
pub(super) const PROOF: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";

/// How it comes about on a cluster of a version.
pub(super) type Made = fn(&str) -> (Cluster, Machine);

/// What is wrong, on which versions, how that comes about, and the line after `machine-id: `, where `{version}` stands
/// for the cluster's.
#[derive(Debug)]
pub(super) struct Row {
    wrong: &'static str,
    versions: &'static [&'static str],
    made: Made,
    line: String,
}

/// A row.
pub(super) fn row(wrong: &'static str, versions: &'static [&'static str], made: Made, line: String) -> Row {
    Row { wrong, versions, made, line }
}

/// What is wrong, the kind of the server's refusal, its texts from the innermost one on, and what to do.
pub(super) type Told = (&'static str, RefusalKind, &'static [&'static str], &'static str);

/// The line for a join that the cluster refuses.
pub(super) fn rejected(method: &str, said: &str, advice: &str) -> String {
    format!("the cluster refuses the join with method {method}: {said}; {advice} [join_rejected]")
}

/// The line for an ID token that isn't there.
pub(super) fn no_id_token(method: &str, place: &str, reason: &str) -> String {
    let advice = if method == "generic_oidc" { NO_NAMED_TOKEN } else { NO_ID_TOKEN };
    format!("join method {method} finds no ID token in {place}: {reason}; {advice} [join_proof_missing]")
}

/// A cluster of a version.
pub(super) fn cluster(version: &str) -> Cluster {
    Cluster::with(|builder| builder.version(version))
}

/// Makes the token anew.
pub(super) fn set_token(cluster: &Cluster, options: TokenOptions) {
    let _named = cluster.token_with(TokenOptions { name: NAME.to_owned(), ..options });
}

/// A token of a method with ID tokens, which refuses them or not.
pub(super) fn id_token(method: &str, refusal: Option<Refusal>) -> TokenOptions {
    TokenOptions { id_token: Some((method.to_owned(), PROOF.to_owned())), refusal, ..TokenOptions::default() }
}

/// A machine that joins by `method`, with lines for the section `onboarding`.
pub(super) fn machine(cluster: &Cluster, method: &str, settings: &str) -> Machine {
    let machine = join::machine(cluster, NAME, method, settings, "");
    machine.keep_secret([PROOF.to_owned()]);
    machine
}

/// What isn't as the table has it.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    /// One line, with the code that ends it, and nothing left behind.
    fn compare(&mut self, what: &str, machine: &Machine, ended: &Outcome, line: &str) {
        let due = if line.ends_with(" [unsupported]") { 2 } else { 1 };
        let seen: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("machine-id: ")).collect();
        let errors = ended.stderr.lines().filter(|line| line.split_whitespace().nth(1) == Some("ERROR")).count();
        let left = machine.path("out").exists() && !machine.names("out").is_empty();
        if ended.status != Some(due) || seen != [format!("machine-id: {line}")] || errors > 0 || left {
            let (status, stderr) = (ended.status, &ended.stderr);
            self.0.push(format!("{what}: status {status:?}, left behind: {left}\n want: {line}\n said: {stderr}"));
        }
    }

    #[track_caller]
    fn none(self) {
        assert!(self.0.is_empty(), "{} rows differ:\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// Shows each row on each of its versions.
#[track_caller]
pub(super) fn show(rows: impl IntoIterator<Item = Row>) {
    let mut faults = Faults::default();
    for Row { wrong, versions, made, line } in rows {
        for version in versions {
            let (_cluster, machine) = made(version);
            let line = line.replace("{version}", version);
            faults.compare(&format!("{wrong} at {version}"), &machine, &machine.oneshot(), &line);
        }
    }
    faults.none();
}

/// Shows one line.
#[track_caller]
pub(super) fn refused(what: &str, machine: &Machine, line: &str) {
    let mut faults = Faults::default();
    faults.compare(what, machine, &machine.oneshot(), line);
    faults.none();
}

/// The server's texts as each version tells them: up to 17 the innermost first, then each wrap; from 18 on all in one,
/// the outermost first.
fn chain(version: &str, texts: &[&str]) -> String {
    let major: u32 = version.split('.').next().unwrap().parse().unwrap();
    if major < 18 {
        return texts.join("; ");
    }
    let outermost_first: Vec<&str> = texts.iter().rev().copied().collect();
    outermost_first.join(" ")
}

/// Shows what servers say to ID tokens of a method; in the end the same machine joins.
#[track_caller]
pub(super) fn tell(method: &str, version: &str, rows: &[Told], made: impl FnOnce(&Cluster) -> Machine) {
    let cluster = cluster(version);
    let machine = made(&cluster);
    let mut faults = Faults::default();
    for (wrong, kind, texts, advice) in rows {
        let [innermost, wraps @ ..] = texts else { panic!("{wrong}: no text") };
        set_token(&cluster, id_token(method, Some(Refusal::new(*kind, *innermost).within(wraps))));
        let line = rejected(method, &chain(version, texts), advice);
        faults.compare(&format!("{method}, {wrong} at {version}"), &machine, &machine.oneshot(), &line);
    }
    faults.none();
    set_token(&cluster, id_token(method, None));
    machine.oneshot().succeeded();
}
