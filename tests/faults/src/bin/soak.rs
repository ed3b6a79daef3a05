//! `soak`: minutes of ordinary life with one-minute certificates, and a table at the end.
#![allow(clippy::disallowed_methods, reason = "a test tool measures real time and writes its own scratch files")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use faults::{Failure, soak};

/// Keeps an engine busy for some minutes, rotates the cluster's authorities, takes the cluster away now and then.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// The process under test, in this directory; for internal use.
    #[arg(long, hide = true)]
    engine: Option<PathBuf>,
    #[arg(long, hide = true, default_value = "")]
    proxy: String,
    #[arg(long, hide = true, default_value_t = 0)]
    seconds: u64,
}

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if let Some(directory) = arguments.engine {
        runtime.block_on(soak::work(&directory, &arguments.proxy, Duration::from_secs(arguments.seconds)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let table = runtime.block_on(soak::soak(Duration::from_secs(arguments.minutes * 60)))?;
    println!("{table}");
    Ok(if table.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
