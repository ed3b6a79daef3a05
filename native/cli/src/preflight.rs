//! What can be known of a machine before a token is sent that works only once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use machine_id::config::{CaSource, DirectoryConfig, Listen, TbotConfig, TunnelConfig};
use machine_id::destination::{Fitness, is_known_name};
use machine_id::engine::files_to_write;
use machine_id::error::{Code, Error};
use machine_id::tunnel::could_listen;
use nix::unistd::{AccessFlags, access};

use crate::files;

/// Looks at everything that a `tbot.yaml` names on this machine, each fault by the line where it is written. `served`: where this
/// process listens already, and lets go when the configuration takes the place of another.
pub(crate) fn standing(config: &TbotConfig, served: &[Listen]) -> Vec<Error> {
    let mut faults = Vec::new();
    faults.extend(storage(config).err());
    faults.extend(ca(config).err());
    for (output, place) in config.outputs.iter().zip(&config.places.outputs) {
        let ssh = output.kind.has_ssh_config();
        match Fitness::of_set(&output.destination, files_to_write(&output.kind), ssh) {
            Err(error) => faults.push(Error::from(error).at(place)),
            Ok(fitness) => {
                let advice = fitness.owner_without_ssh().filter(|_| ssh);
                if let Some(advice) = advice {
                    tracing::info!(directory = %output.destination.path.display(), "{advice}");
                }
            }
        }
    }
    // One pass opens none.
    if !config.oneshot {
        faults.extend(tunnels(config, served));
    }
    faults
}

/// The same for what `run` uses of it: a directory of its own if it has files, and a command.
pub(crate) fn passing(
    config: &TbotConfig,
    directory: Option<&DirectoryConfig>,
    command: Option<&OsString>,
) -> Result<(), Error> {
    let mut faults = Vec::new();
    faults.extend(storage(config).err());
    faults.extend(ca(config).err());
    faults.extend(directory.and_then(|directory| Fitness::of(directory).err()).map(Error::from));
    faults.extend(tunnels(config, &[]));
    faults.extend(command.and_then(|command| program(command).err()));
    told(faults)
}

/// Says all but the last, which whoever gets it says.
pub(crate) fn told(mut faults: Vec<Error>) -> Result<(), Error> {
    let last = faults.pop();
    for fault in faults {
        eprintln!("machine-id: {fault}");
    }
    last.map_or(Ok(()), Err)
}

fn tunnels(config: &TbotConfig, served: &[Listen]) -> Vec<Error> {
    let one = |(tunnel, place): (&TunnelConfig, &String)| {
        let free = could_listen(&tunnel.listen, served).and_then(|()| not_a_file_of_ours(config, &tunnel.listen));
        free.err().map(|error| error.at(place))
    };
    config.tunnels.iter().zip(&config.places.tunnels).filter_map(one).collect()
}

/// A socket in an output's directory or the storage must not have the name of a file there.
fn not_a_file_of_ours(config: &TbotConfig, listen: &Listen) -> Result<(), Error> {
    let Listen::Unix(path) = listen else { return Ok(()) };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut directories = config.outputs.iter().map(|output| &output.destination).chain(&config.identity.storage);
    match directories.find(|directory| path.parent() == Some(directory.path.as_path())) {
        Some(directory) if is_known_name(name) => Err(Error::new(
            Code::ConfigInvalid,
            format!("a socket can't be {name} in {}, where files of that name are written", directory.path.display()),
            "take another name or directory",
        )),
        _ => Ok(()),
    }
}

/// Whether the system would find a command, as `execvp(3)` looks for it.
fn program(name: &OsStr) -> Result<(), Error> {
    let runs = |path: &Path| match std::fs::metadata(path) {
        Ok(found) if found.is_file() => access(path, AccessFlags::X_OK).map_err(|errno| errno.to_string()),
        Ok(_) => Err("it isn't a file".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let path = Path::new(name);
    let found = if name.as_encoded_bytes().contains(&b'/') {
        runs(path)
    } else {
        let places = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
        let in_path = std::env::split_paths(&places).any(|directory| runs(&directory.join(path)).is_ok());
        if in_path { Ok(()) } else { Err("there is no such program".to_owned()) }
    };
    found.map_err(|why| {
        Error::new(Code::RequestInvalid, format!("cannot run {}: {why}", path.display()), "check its name and PATH")
    })
}

/// Where the bot's identity and the list of leases are kept.
fn storage(config: &TbotConfig) -> Result<(), Error> {
    let Some(storage) = &config.identity.storage else {
        passing_directory()?;
        return Ok(Fitness::of(&DirectoryConfig::private(files::root(&config.identity))).map(drop)?);
    };
    Fitness::of(storage).map(|_| ()).map_err(|error| {
        let error = Error::from(error);
        match &config.places.storage {
            Some(place) => error.at(place),
            None => error.clone().in_words(
                &format!("no storage is written, and the usual one can't be used: {}", error.message()),
                "write storage: {type: directory, path: DIR} with a directory that this user can write to, or storage: {type: memory}",
            ),
        }
    })
}

fn ca(config: &TbotConfig) -> Result<(), Error> {
    let (Some(CaSource::File(path)), Some(place)) = (&config.identity.cluster.ca, &config.places.ca) else {
        return Ok(());
    };
    let text = files::read(path, files::MAX_CA).map_err(|error| error.at(place))?;
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
