//! `machine-id proxy-ssh`: the ProxyCommand of the generated `ssh_config`.

use std::process::ExitCode;
use std::sync::Arc;

use machine_id::clock::SystemClock;
use machine_id::error::{Code, Error};
use machine_id::identity::IdentityFile;
use machine_id::proxy::{Dial, dial, pump};

use crate::args::ProxySsh;
use crate::{files, runtime};

/// Far above what an identity file has.
const MAX_IDENTITY: u64 = 256 * 1024;

pub(crate) fn run(arguments: &ProxySsh) -> Result<ExitCode, Error> {
    // One file, replaced as a whole: key and certificate in it belong together.
    let path = arguments.destination_dir.join("identity");
    let text = machine_id::secret::Secret::new(text(&path)?);
    let identity = IdentityFile::parse(text.expose())?;
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

fn text(path: &std::path::Path) -> Result<String, Error> {
    String::from_utf8(files::read(path, MAX_IDENTITY)?).map_err(|_| {
        Error::new(Code::DiskFailed, format!("{} isn't text", path.display()), "write the output again")
    })
}
