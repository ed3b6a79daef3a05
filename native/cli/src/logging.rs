//! Logs on standard error: readable on a terminal, structured otherwise.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Environment variable with the level.
const LEVEL: &str = "MACHINE_ID_LOG";

/// Starts logging. An unknown level is said, and `default` taken.
pub(crate) fn start(json: bool, default: LevelFilter) {
    let level = match std::env::var(LEVEL) {
        Ok(text) => text.parse().unwrap_or_else(|_| {
            eprintln!("machine-id: warning: {LEVEL}={text} is none of error, warn, info, debug, off");
            default
        }),
        Err(_) => default,
    };
    // Only our own events: the libraries below may log what they send.
    let filter = Targets::new().with_target("machine_id", level);
    let layer = if json {
        fmt::layer().json().with_writer(std::io::stderr).boxed()
    } else {
        let terminal = std::io::stderr().is_terminal();
        fmt::layer().with_target(false).with_ansi(terminal).with_writer(std::io::stderr).boxed()
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
}
