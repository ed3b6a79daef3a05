//! The least that a bot can do: the requests of `machine-id start --oneshot`, over the same TLS, HTTP and gRPC, and nothing
//! else. No files, no checks, no engine; servers aren't even verified, so it is for benchmarks alone.
//!
//! It reads a [`Task`] from its standard input, and prints what the next task needs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that can't be made ends with the reason")]
#![allow(clippy::disallowed_methods, reason = "a benchmark is about real time")]

mod requests;
mod wire;

use std::io::Read;

use serde::{Deserialize, Serialize};

use requests::Bot;

/// What is to be done.
#[derive(Deserialize)]
struct Task {
    /// `host:port`.
    proxy: String,
    /// The bot's name.
    bot: String,
    /// To join with; none: `identity` is renewed.
    token: Option<String>,
    identity: Option<Identity>,
}

/// What a bot is.
#[derive(Deserialize, Serialize)]
struct Identity {
    /// PEM.
    key: String,
    /// PEM.
    certificate: String,
}

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let task: Task = serde_json::from_str(&text).unwrap();
    // As the command has it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let identity = runtime.block_on(work(task));
    print!("{}", serde_json::to_string(&identity).unwrap());
}

async fn work(task: Task) -> Identity {
    let (cluster, web) = requests::discover(&task.proxy).await;
    let bot = Bot { user: format!("bot-{}", task.bot), proxy: task.proxy, cluster };
    let identity = match (task.token, task.identity) {
        (Some(token), _) => bot.join(web, &token).await,
        (None, Some(identity)) => {
            let connection = bot.connect(&identity).await;
            bot.renew(&connection, identity).await
        }
        (None, None) => panic!("neither a token nor an identity"),
    };
    let connection = bot.connect(&identity).await;
    bot.issue(&connection).await;
    identity
}
