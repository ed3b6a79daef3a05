//! tbot's commands and options that aren't here, and what to do instead: the one list of them. `docs/compatibility.md`
//! shows it, and a test holds both to tbot's own help.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// A command or an option of tbot's that isn't built, by the command that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotBuilt {
    /// The command before it; empty: none.
    pub(crate) under: &'static str,
    /// The last word.
    pub(crate) word: &'static str,
    /// What to do instead.
    pub(crate) instead: &'static str,
}

const fn not_built(under: &'static str, word: &'static str, instead: &'static str) -> NotBuilt {
    NotBuilt { under, word, instead }
}

const WORKLOAD: &str = "SPIFFE identities aren't built here: keep tbot for them";
const TUNNEL: &str = "not as a command: write the tunnel into services of a tbot.yaml (database-tunnel, application-tunnel, application-proxy), and start that";
const CONFIGURE: &str = "`machine-id start` takes the same options; Teleport's reference of tbot's configuration says how they are written in a file";

/// All of them.
pub(crate) const NOT_BUILT: &[NotBuilt] = &[
    not_built("start", "application-tunnel", TUNNEL),
    not_built("start", "application-proxy", TUNNEL),
    not_built("start", "database-tunnel", TUNNEL),
    not_built("start", "ssh-multiplexer", "not as a command: write it into services of a tbot.yaml, and start that"),
    not_built("start", "kubernetes/argo-cd", "not built here: keep tbot for it"),
    not_built("start", "workload-identity-x509", WORKLOAD),
    not_built("start", "workload-identity-api", WORKLOAD),
    not_built("start", "workload-identity-jwt", WORKLOAD),
    not_built("start", "workload-identity-aws-roles-anywhere", WORKLOAD),
    not_built("start", "spiffe-svid", WORKLOAD),
    not_built("start", "noop", "leave the outputs out: only the bot's own identity is kept then"),
    not_built("", "configure", CONFIGURE),
    not_built("", "migrate", "versions v1 and v2 are both read: the file can stay as it is"),
    not_built("", "proxy", "use the output's ssh_config or kubeconfig, or tsh with TELEPORT_IDENTITY_FILE"),
    not_built("", "db", "use tsh with TELEPORT_IDENTITY_FILE, or a database output's certificate"),
    not_built("", "ssh-proxy-command", "the output's ssh_config calls `machine-id proxy-ssh`"),
    not_built("", "spiffe-inspect", WORKLOAD),
    not_built("", "tpm", "join method tpm isn't built here: docs/compatibility.md lists those that are"),
    not_built("", "keypair", "bound_keypair makes its key at the first join, from the registration secret"),
    not_built("", "install", "docs/guides/daemon.md has a unit for systemd"),
    not_built("", "copy-binaries", "there is one binary: copy it"),
    not_built("", "wait", "`machine-id status` says by its exit status whether all outputs are fresh"),
    not_built("init", "--init-dir", "name the directory by --destination-dir"),
    not_built("init", "--clean", "what isn't ours is left alone: remove it by hand"),
    not_built("init", "--proxy-server", "init asks no cluster: leave it out"),
    not_built("init", "--auth-server", "init asks no cluster: leave it out"),
    not_built("init", "-a", "init asks no cluster: leave it out"),
    not_built("", "--trace", "traces aren't built here: leave it out"),
    not_built("", "--trace-exporter", "traces aren't built here: leave it out"),
    not_built("", "--config-string", "write the configuration into a file, and name it by -c"),
];

/// What clap says of a word that it doesn't know, or what to do instead of tbot's.
pub(crate) fn explained(error: clap::Error) -> clap::Error {
    let kind = match error.kind() {
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return error,
    };
    let Some(ContextValue::String(word)) = error.get(kind) else { return error };
    let word = word.split('=').next().unwrap_or_default();
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let is_it =
        |one: &&NotBuilt| one.word == word && (one.under.is_empty() || typed.iter().any(|typed| typed == one.under));
    match NOT_BUILT.iter().find(is_it) {
        Some(NotBuilt { under, word, instead }) => {
            let gap = if under.is_empty() { "" } else { " " };
            clap::Error::raw(error.kind(), format!("`{under}{gap}{word}` of tbot isn't built here: {instead}\n"))
        }
        None => error,
    }
}

#[cfg(test)]
#[path = "tbot_words_tests.rs"]
mod tests;
