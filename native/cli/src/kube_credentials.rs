//! `machine-id kube-credentials`: what kubectl runs to get its client certificate.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use machine_id::error::{Code, Error};
use machine_id::identity::{IdentityFile, TlsFacts};
use machine_id::output::{exec_credential, is_kube_folder, kube_directory};

use crate::args::KubeCredentials;
use crate::files;

pub(crate) fn run(arguments: &KubeCredentials) -> Result<ExitCode, Error> {
    let identity = match &arguments.cluster {
        None => files::identity(&arguments.destination_dir)?,
        Some(cluster) => of_cluster(&arguments.destination_dir, cluster)?,
    };
    let credential = exec_credential(&identity.certificates.tls, &identity.key)?;
    let mut out = std::io::stdout().lock();
    let written = out.write_all(credential.expose().as_bytes()).and_then(|()| out.flush());
    written
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| Error::new(Code::Internal, format!("cannot write to standard output: {error}"), ""))
}

/// The identity for a cluster: the one that is always there if it is that cluster's, else that in a directory of its
/// own, where there are several.
fn of_cluster(directory: &Path, cluster: &str) -> Result<IdentityFile, Error> {
    let first = match files::identity(directory) {
        Ok(first) if matches!(cluster_of(&first), Ok(Some(name)) if name == cluster) => return Ok(first),
        other => other,
    };
    let own = kube_directory(directory, cluster);
    if own.join("identity").exists() {
        return files::identity(&own);
    }
    let mut known = BTreeSet::from_iter(cluster_of(&first?)?);
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_kube_folder) {
            known.extend(files::identity(&entry.path()).ok().and_then(|identity| cluster_of(&identity).ok().flatten()));
        }
    }
    let hint = match Vec::from_iter(known).as_slice() {
        [] => "give the directory of an output for Kubernetes".to_owned(),
        known => format!("it has those for {}", known.join(", ")),
    };
    let message = format!("{} has no certificate for Kubernetes cluster {cluster:?}", directory.display());
    Err(Error::new(Code::TargetUnknown, message, hint))
}

fn cluster_of(identity: &IdentityFile) -> Result<Option<String>, Error> {
    Ok(TlsFacts::parse(&identity.certificates.tls)?.subject.kube_cluster)
}
