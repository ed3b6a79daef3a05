//! Method `token`: by HTTPS (15.4, 18.0) and by `teleport.join.v1` (18.8; join-methods 1.3, 3.1).

use e2e::advice::{LOCK, METHOD};
use e2e::{Cluster, Machine};
use teleport_double::RefusalKind::{BadParameter, Denied};
use teleport_double::{Refusal, TokenOptions};

use super::row::{self, cluster, id_token, rejected, row, set_token, show};

/// What a version is told to do about a token that isn't good.
fn fresh(command: &str) -> String {
    format!("the token is wrong, has expired or was used already, or its bot was deleted: make a fresh one ({command})")
}

const ANEW: &str = "`tctl bots rm NAME`, `tctl bots add NAME --roles=…`";
const INSTANCE: &str = "`tctl bots instances add NAME`";
const URI: &str =
    "`tctl bots instances add NAME`, whose joining URI can be configured as it is, or with --legacy a token";

const GONE: &str = "\"\" can not join the cluster with role \"Bot\", token expired or not found";
const GONE_V1: &str = "can not join the cluster with role Bot, token expired or not found";

fn with(version: &str, options: TokenOptions) -> (Cluster, Machine) {
    let cluster = cluster(version);
    set_token(&cluster, options);
    let machine = row::machine(&cluster, "token", "");
    (cluster, machine)
}

fn unknown(version: &str) -> (Cluster, Machine) {
    let cluster = cluster(version);
    let machine = row::machine(&cluster, "token", "");
    (cluster, machine)
}

fn expired(version: &str) -> (Cluster, Machine) {
    with(version, TokenOptions { expired: true, ..TokenOptions::default() })
}

fn used(version: &str) -> (Cluster, Machine) {
    let (cluster, machine) = with(version, TokenOptions::default());
    row::machine(&cluster, "token", "").oneshot().succeeded();
    (cluster, machine)
}

fn for_a_node(version: &str) -> (Cluster, Machine) {
    with(version, TokenOptions { role: "Node".to_owned(), ..TokenOptions::default() })
}

fn told(version: &str, text: &str) -> (Cluster, Machine) {
    with(version, TokenOptions { refusal: Some(Refusal::new(Denied, text)), ..TokenOptions::default() })
}

#[test]
fn a_token_that_is_not_good() {
    for made in [unknown, expired, used] {
        show([
            row("not good", &["15.4.0"], made, rejected("token", GONE, &fresh(ANEW))),
            row("not good", &["18.0.0"], made, rejected("token", GONE, &fresh(INSTANCE))),
            row("not good", &["18.8.0"], made, rejected("token", GONE_V1, &fresh(INSTANCE))),
            row("not good", &["19.0.0", "20.0.0"], made, rejected("token", GONE_V1, &fresh(URI))),
        ]);
    }
}

#[test]
fn a_token_for_something_else() {
    let add = "make a token for a bot (`tctl bots add`) [join_wrong_role]";
    let gitlab = |version: &str| with(version, id_token("gitlab", None));
    show([
        row(
            "for a node",
            &["15.4.0", "18.0.0"],
            for_a_node,
            format!(
                "the token is not for a bot: node \"\" [] can not join the cluster, the token does not allow \"Bot\" role; {add}"
            ),
        ),
        row(
            "for a node",
            &["18.8.0", "20.0.0"],
            for_a_node,
            format!("the token is not for a bot: can not join the cluster, the token does not allow role Bot; {add}"),
        ),
        row(
            "for gitlab",
            &["18.8.0", "20.0.0"],
            gitlab,
            rejected(
                "token",
                "client requested join method token, provision token only supports method gitlab",
                METHOD,
            ),
        ),
    ]);
}

#[test]
fn a_bot_that_is_not_let_in() {
    let deleted = |version: &str| {
        let (cluster, machine) = with(version, TokenOptions::default());
        cluster.delete_bot("api");
        (cluster, machine)
    };
    let check =
        |how: &str| format!("check the token and its bot on the cluster; if the bot was deleted, make it anew ({how})");
    show([
        row("its bot is deleted", &["15.4.0"], deleted, rejected("token", "access denied", &check(ANEW))),
        row("its bot is deleted", &["18.8.0"], deleted, rejected("token", "access denied", &check(INSTANCE))),
        row(
            "its bot is locked",
            &["15.4.0", "18.0.0", "18.8.0"],
            |version| {
                let (cluster, machine) = with(version, TokenOptions::default());
                cluster.lock_user("bot-api", "under investigation");
                (cluster, machine)
            },
            format!(
                "the bot is locked: lock targeting User:\"bot-api\" is in force: under investigation; {LOCK} [bot_locked]"
            ),
        ),
        row(
            "its bot lives somewhere else",
            &["15.4.0", "16.1.0"],
            |version| {
                let (cluster, machine) = with(version, TokenOptions::default());
                row::machine(&cluster, "token", "").oneshot().succeeded();
                set_token(&cluster, TokenOptions::default());
                (cluster, machine)
            },
            "\"bot-api\" has joined already: user \"bot-api\" has already been issued a renewable certificate and cannot be \
             issued another; consider deleting and recreating the bot; up to version 16.1 a bot lives in one place only: \
             make it anew (`tctl bots rm api`, `tctl bots add api --roles=…`), or one bot per agent [bot_already_joined]"
                .to_owned(),
        ),
    ]);
}

#[test]
fn what_has_no_place_here() {
    show([
        row(
            "a client that is too old",
            &["18.8.0"],
            |version| told(version, "client version is unsupported, minimum supported version is 17.0.0"),
            "the cluster doesn't take this client's version: client version is unsupported, minimum supported version is \
             17.0.0; report this: no version should have been sent [unsupported]"
                .to_owned(),
        ),
        row(
            "no expiry",
            &["18.8.0"],
            |version| {
                let refusal = Some(Refusal::new(BadParameter, "Expires is required"));
                with(version, TokenOptions { refusal, ..TokenOptions::default() })
            },
            rejected("token", "Expires is required", &format!(
                "check the token and its bot on the cluster; if the bot was deleted, make it anew ({INSTANCE})"
            )),
        ),
    ]);
}
