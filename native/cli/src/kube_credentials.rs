//! `machine-id kube-credentials`: what kubectl runs to get its client certificate.

use std::io::Write;
use std::process::ExitCode;

use machine_id::error::{Code, Error};
use machine_id::output::exec_credential;

use crate::args::KubeCredentials;
use crate::files;

pub(crate) fn run(arguments: &KubeCredentials) -> Result<ExitCode, Error> {
    let identity = files::identity(&arguments.destination_dir)?;
    let credential = exec_credential(&identity.certificates.tls, &identity.key)?;
    let mut out = std::io::stdout().lock();
    let written = out.write_all(credential.expose().as_bytes()).and_then(|()| out.flush());
    written
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| Error::new(Code::Internal, format!("cannot write to standard output: {error}"), ""))
}
