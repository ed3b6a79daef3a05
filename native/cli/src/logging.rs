//! Logs on standard error: readable on a terminal, structured otherwise.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Environment variable with the level.
const LEVEL: &str = "MACHINE_ID_LOG";

/// Starts logging. An unknown level counts as `info`.
pub(crate) fn start(json: bool, default: LevelFilter) {
    let level = std::env::var(LEVEL).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
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
