//! The command `machine-id`.

mod args;
mod bridge;
#[cfg(test)]
mod documents_tests;
mod fdpass;
mod files;
mod harden;
mod hosts;
mod init;
mod kube_credentials;
mod logging;
mod mux_command;
mod note;
#[cfg(test)]
mod pages_tests;
mod preflight;
mod progress;
mod proxy_ssh;
mod run;
mod runtime;
mod start;
mod status;
mod stdio;
mod stdout;
mod tbot_words;
mod tunnels;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use machine_id::error::Error;
use tracing_subscriber::filter::LevelFilter;

use args::{Cli, Command};

fn main() -> ExitCode {
    if let Some(code) = fdpass::run() {
        return code;
    }
    if let Some(code) = mux_command::run() {
        return code;
    }
    let held = start::hold();
    harden::start();
    let cli = Cli::try_parse().unwrap_or_else(|error| tbot_words::explained(error).exit());
    // What runs under ssh or kubectl speaks only when something is wrong.
    let quiet = matches!(
        cli.command,
        Command::ProxySsh(_)
            | Command::ProxyTls(_)
            | Command::MuxCommand(_)
            | Command::KubeCredentials(_)
            | Command::Hosts(_)
            | Command::Status(_)
            | Command::Run(_)
    );
    let level = if quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    // The log behind it is an agent's, which belongs to Jenkins.
    let level = if matches!(cli.command, Command::Bridge) { LevelFilter::OFF } else { level };
    logging::start(cli.log_json(), if cli.debug() { LevelFilter::DEBUG } else { level });
    let config = cli.named_config();
    let outcome = match (cli.refused(), cli.command) {
        (Some(error), _) => Err(error),
        (None, command) => run(command, config, &held),
    };
    outcome.unwrap_or_else(|error| {
        // Standard error may be a file on the very disk that is full: no reason to panic.
        let _ = writeln!(std::io::stderr(), "machine-id: {error}");
        ExitCode::from(exit_status(&error))
    })
}

fn run(command: Command, config: Option<PathBuf>, held: &start::Held) -> Result<ExitCode, Error> {
    if !matches!(command, Command::Start(_)) {
        held.release();
    }
    match command {
        Command::Start(arguments) => start::run(&arguments, config, held),
        Command::Run(arguments) => run::run(&arguments, &args::config_or_default(config)),
        Command::Init(arguments) => init::run(&arguments, config.as_deref()),
        Command::Status(arguments) => status::run(&arguments, &args::config_or_default(config)),
        Command::ProxySsh(arguments) => proxy_ssh::run(&arguments),
        Command::ProxyTls(arguments) => proxy_ssh::run_tls(&arguments),
        Command::MuxCommand(arguments) => Ok(mux_command::carry(&arguments.socket, &arguments.target)),
        Command::Hosts(arguments) => hosts::run(&arguments),
        Command::KubeCredentials(arguments) => kube_credentials::run(&arguments),
        Command::Bridge => bridge::run(),
        Command::Version => stdout::say(concat!("machine-id ", env!("CARGO_PKG_VERSION"))).map(|()| ExitCode::SUCCESS),
    }
}

/// 2 for what is written wrongly, 1 for all else.
fn exit_status(error: &Error) -> u8 {
    use machine_id::error::Code;
    match error.code() {
        Code::ConfigInvalid | Code::RequestInvalid | Code::Unsupported => 2,
        _ => 1,
    }
}
