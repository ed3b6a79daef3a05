//! Logs on standard error, and only where somebody asks for them: the agent's log belongs to Jenkins.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Environment variable with the level: `error` to `debug`. An unknown one counts as `info`.
const LEVEL: &str = "MACHINE_ID_LOG";

/// Starts logging if the variable is set.
pub(crate) fn start() {
    let Some(level) = std::env::var_os(LEVEL).filter(|level| !level.is_empty()) else { return };
    let level = level.to_str().and_then(|text| text.parse().ok()).unwrap_or(LevelFilter::INFO);
    // Only our own events: the libraries below may log what they send.
    let filter = Targets::new().with_target("machine_id", level);
    let layer = fmt::layer().with_target(false).with_ansi(false).with_writer(std::io::stderr);
    // Fails only where there is a subscriber already, which is as good.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
