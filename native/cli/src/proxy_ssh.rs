//! `machine-id proxy-ssh`: the ProxyCommand of the generated `ssh_config`.

use std::process::ExitCode;
use std::sync::Arc;

use machine_id::clock::SystemClock;
use machine_id::error::Error;
use machine_id::proxy::{Dial, dial, pump};

use crate::args::ProxySsh;
use crate::{files, runtime};

pub(crate) fn run(arguments: &ProxySsh) -> Result<ExitCode, Error> {
    let identity = files::identity(&arguments.destination_dir)?;
    let wanted = Dial {
        proxy: &arguments.proxy,
        cluster: &arguments.cluster,
        target: &arguments.target,
        identity: &identity,
    };
    runtime::single()?.block_on(async {
        let stream = dial(&wanted, Arc::new(SystemClock::new())).await?;
        pump(stream, tokio::io::stdin(), tokio::io::stdout()).await?;
        Ok(ExitCode::SUCCESS)
    })
}
