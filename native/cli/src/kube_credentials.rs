//! `machine-id kube-credentials`: what kubectl runs to get its client certificate.

use std::io::Write;
use std::process::ExitCode;

use machine_id::error::{Code, Error};
use machine_id::identity::KeyPair;
use machine_id::output::exec_credential;
use machine_id::secret::Secret;

use crate::args::KubeCredentials;
use crate::files;

/// Far above what a certificate or key has.
const MAX_PEM: u64 = 64 * 1024;

pub(crate) fn run(arguments: &KubeCredentials) -> Result<ExitCode, Error> {
    let directory = &arguments.destination_dir;
    // The key and its certificate may be replaced between the two reads: a pair that doesn't match is read again.
    let mut tries = 3;
    loop {
        let certificate = text(directory, "tlscert")?;
        let key = KeyPair::from_pem(text(directory, "key")?.expose())?;
        tries -= 1;
        let facts = machine_id::identity::TlsFacts::parse(certificate.expose())?;
        if facts.is_for(&key) || tries == 0 {
            let credential = exec_credential(certificate.expose(), &key)?;
            let mut out = std::io::stdout().lock();
            let written = out.write_all(credential.expose().as_bytes()).and_then(|()| out.flush());
            return written.map(|()| ExitCode::SUCCESS).map_err(|error| {
                Error::new(Code::Internal, format!("cannot write to standard output: {error}"), "")
            });
        }
    }
}

fn text(directory: &std::path::Path, name: &str) -> Result<Secret, Error> {
    let bytes = files::read(&directory.join(name), MAX_PEM)?;
    String::from_utf8(bytes).map(Secret::new).map_err(|_| {
        Error::new(Code::DiskFailed, format!("{} isn't text", directory.join(name).display()), "write the output again")
    })
}
