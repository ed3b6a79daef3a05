//! What can be known of a machine before a token is sent that works only once.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use machine_id::config::{CaSource, TbotConfig};
use machine_id::destination::Fitness;
use machine_id::error::{Code, Error};

use crate::files;

/// Looks at everything that a `tbot.yaml` names on this machine, each fault by the line where it is written.
pub(crate) fn standing(config: &TbotConfig) -> Result<(), Error> {
    let mut faults = Vec::new();
    faults.extend(storage(config).err());
    faults.extend(ca(config).err());
    for (output, place) in config.outputs.iter().zip(&config.places.outputs) {
        match Fitness::of(&output.destination) {
            Err(error) => faults.push(at(place, error.into())),
            Ok(fitness) => {
                let advice = fitness.owner_without_ssh().filter(|_| output.kind.has_ssh_config());
                if let Some(advice) = advice {
                    tracing::info!(directory = %output.destination.path.display(), "{advice}");
                }
            }
        }
    }
    let last = faults.pop();
    for fault in faults {
        eprintln!("machine-id: {fault}");
    }
    last.map_or(Ok(()), Err)
}

/// Where the bot's identity and the list of leases are kept.
pub(crate) fn storage(config: &TbotConfig) -> Result<(), Error> {
    let Some(storage) = &config.identity.storage else { return passing_directory().map(|_| ()) };
    Fitness::of(storage).map(|_| ()).map_err(|error| {
        let error = Error::from(error);
        match &config.places.storage {
            Some(place) => at(place, error),
            None => Error::new(
                error.code(),
                format!("no storage is written, and the usual one can't be used: {}", error.message()),
                "write storage: {type: directory, path: DIR} with a directory that this user can write to, or storage: {type: memory}",
            ),
        }
    })
}

fn ca(config: &TbotConfig) -> Result<(), Error> {
    let (Some(CaSource::File(path)), Some(place)) = (&config.identity.cluster.ca, &config.places.ca) else {
        return Ok(());
    };
    let text = files::read(path, files::MAX_CA).map_err(|error| at(place, error))?;
    if String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----") {
        return Ok(());
    }
    let message = format!("{place}: {} holds no certificate in PEM", path.display());
    Err(Error::new(Code::ConfigInvalid, message, "give the file of the CA's certificate"))
}

/// Where files go that end with the process.
pub(crate) fn passing_directory() -> Result<PathBuf, Error> {
    files::runtime_directory().map_or_else(|| temporary(std::env::var_os("TMPDIR").as_deref()), Ok)
}

fn temporary(variable: Option<&OsStr>) -> Result<PathBuf, Error> {
    let directory = std::env::temp_dir();
    if directory.is_dir() {
        return Ok(directory);
    }
    let why = if variable.is_some() { "TMPDIR names" } else { "files that end with this process go to" };
    let message = format!("{why} {}, which isn't a directory", directory.display());
    Err(Error::new(Code::DiskFailed, message, hint(&directory, variable.is_some())))
}

fn hint(directory: &Path, named: bool) -> String {
    let make = format!("make it with `mkdir -p {}`", directory.display());
    if named { format!("{make}, or unset TMPDIR") } else { make }
}

fn at(place: &str, error: Error) -> Error {
    Error::new(error.code(), format!("{place}: {}", error.message()), error.hint())
}
