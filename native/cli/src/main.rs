//! The command `machine-id`.

mod args;
mod fdpass;
mod files;
mod harden;
mod hosts;
mod init;
mod kube_credentials;
mod logging;
mod progress;
mod proxy_ssh;
mod run;
mod runtime;
mod start;
mod status;
mod stdio;
mod stdout;
mod tunnels;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use machine_id::error::Error;
use tracing_subscriber::filter::LevelFilter;

use args::{Cli, Command};

fn main() -> ExitCode {
    if let Some(code) = fdpass::run() {
        return code;
    }
    harden::start();
    let cli = Cli::parse();
    // What runs under ssh or kubectl speaks only when something is wrong.
    let quiet = matches!(
        cli.command,
        Command::ProxySsh(_)
            | Command::ProxyTls(_)
            | Command::KubeCredentials(_)
            | Command::Hosts(_)
            | Command::Status(_)
            | Command::Run(_)
    );
    logging::start(cli.log_json, if quiet { LevelFilter::WARN } else { LevelFilter::INFO });
    let outcome = match cli.command {
        Command::Start(arguments) => start::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::ProxySsh(arguments) => proxy_ssh::run(&arguments),
        Command::ProxyTls(arguments) => proxy_ssh::run_tls(&arguments),
        Command::Hosts(arguments) => hosts::run(&arguments),
        Command::KubeCredentials(arguments) => kube_credentials::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        // Standard error may be a file on the very disk that is full: no reason to panic.
        let _ = writeln!(std::io::stderr(), "machine-id: {error}");
        ExitCode::from(exit_status(&error))
    })
}

/// 2 for what is written wrongly, 1 for all else.
fn exit_status(error: &Error) -> u8 {
    use machine_id::error::Code;
    match error.code() {
        Code::ConfigInvalid | Code::RequestInvalid | Code::Unsupported => 2,
        _ => 1,
    }
}
