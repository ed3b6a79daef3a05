//! The words by which servers say why. Their statuses are too coarse (a lock, a missing role and a denied call are all
//! "permission denied"), so the texts are recognised too: here, and nowhere else. Nothing here tells what follows from
//! it.
//!
//! Letters' case doesn't matter, and the words may stand anywhere in a text: servers wrap their reasons, each version
//! another way (a chain by line feed and tab, or only the innermost one).

mod join;

use std::time::Duration;

use crate::config::go_duration;

pub use join::Rejection;
pub(crate) use join::join_rejection;
#[cfg(test)]
pub(crate) use join::known_rejections;

fn has(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(words)
}

/// A lock is in force: `lock targeting User:"bot-x" is in force: …`; from 18 on also of a bot instance or join token.
/// May quote a generation mismatch as the lock's reason, so this is asked first.
pub(crate) fn locked(text: &str) -> bool {
    has(text, "lock targeting")
}

/// Another copy of a renewable identity was renewed: `renewable cert generation mismatch: …` up to 17, `cert generation
/// mismatch for bot …` from 18 on.
pub(crate) fn generation_mismatch(text: &str) -> bool {
    has(text, "generation mismatch")
}

/// The whole call is denied because the caller is nobody any more; not to be taken for a target that isn't there.
pub(crate) fn bot_deleted(text: &str) -> bool {
    has(text, "access denied") && has(text, "user \"bot-") && has(text, "not found")
}

/// All that a locked identity is told, whatever it asks, Ping included (protocol J).
pub(crate) fn bare_denial(text: &str) -> bool {
    text.trim() == "access denied"
}

/// The end of validity that was asked for lies in the server's past.
pub(crate) fn validity_passed(text: &str) -> bool {
    has(text, "client credentials have expired")
}

/// Too many calls from one address: `max rate reached: retry-in 1.5s`.
pub(crate) fn rate_reached(text: &str) -> bool {
    has(text, "max rate reached")
}

/// Of a limit that was exceeded: one on calls, which is checked before anything else, not one on a message's size.
pub(crate) fn about_a_rate(text: &str) -> bool {
    has(text, "max rate") || has(text, "rate limit")
}

/// The bot may not take a role: `user "bot-x" has requested role impersonation for ["access"]`.
pub(crate) fn impersonation(text: &str) -> bool {
    has(text, "impersonat")
}

/// Something is wrong with the roles asked for.
pub(crate) fn role_request(text: &str) -> bool {
    has(text, "role request")
}

/// The role in `role nosuch is not found`.
pub(crate) fn missing_role(text: &str) -> Option<String> {
    if !text.to_lowercase().starts_with("role ") || !has(text, "not found") {
        return None;
    }
    let name = text.split_whitespace().nth(1)?;
    Some(name.trim_matches(['"', '\'']).to_owned())
}

/// The names between double quotes in a list such as `for ["access"]`.
pub(crate) fn listed(text: &str) -> Vec<String> {
    let list = text.split_once('[').map_or("", |(_, rest)| rest);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A part of a request is missing: `must provide database user name …`.
pub(crate) fn must_provide(text: &str) -> bool {
    has(text, "must provide")
}

/// Of an invalid request for a certificate: it is about where the certificate is for.
pub(crate) fn about_a_target(text: &str) -> bool {
    ["kubernetes cluster", "database", "application", "app ", "cluster"].iter().any(|word| has(text, word))
}

/// Of a host that isn't found: it is the cluster that isn't.
pub(crate) fn about_a_cluster(text: &str) -> bool {
    has(text, "cluster")
}

/// The join token is for something else: `… can not join the cluster, the token does not allow "Bot" role`.
pub(crate) fn token_of_another_role(text: &str) -> bool {
    has(text, "does not allow") && has(text, "role")
}

/// The bot's user, where the bot lives somewhere else already (up to 15): `user "bot-x" has already been issued a
/// renewable certificate …`.
pub(crate) fn already_joined(text: &str) -> Option<String> {
    let quoted = || text.split('"').nth(1).unwrap_or_default().to_owned();
    has(text, "already been issued a renewable").then(quoted)
}

/// No word of the API, but of a web server that doesn't know the path.
pub(crate) fn page_not_found(text: &str) -> bool {
    has(text, "page not found")
}

/// Nothing but that there is no such call: a router's whole text, and no refusal of what a call was given.
pub(crate) fn says_no_call(text: &str) -> bool {
    const ROUTERS: [&str; 4] = ["", "not found", "method not allowed", "not implemented"];
    page_not_found(text) || ROUTERS.iter().any(|words| text.trim().eq_ignore_ascii_case(words))
}

/// The whole text of a status that only says that a stream has ended.
pub(crate) fn end_of_stream(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("eof")
}

/// Of a lock: it is a join token's (18: a bound key's state that was used twice).
pub(crate) fn about_a_token(text: &str) -> bool {
    has(text, "jointoken")
}

/// Of two joins of one bound key at once only one is counted: this one wasn't, and may come again.
pub(crate) fn join_conflict(text: &str) -> bool {
    has(text, "committing updated token state")
}

/// The server doesn't take the version that a client named.
pub(crate) fn client_version(text: &str) -> bool {
    has(text, "client version is unsupported")
}

/// The delay in `max rate reached: retry-in 1.5s`; none where there is none to wait for.
pub(crate) fn retry_in(text: &str) -> Option<Duration> {
    let (_, rest) = text.split_once("retry-in ")?;
    let delay = rest.split_whitespace().next()?.trim_end_matches(['.', ',', '"']);
    go_duration(delay).ok().filter(|delay| !delay.is_zero())
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
