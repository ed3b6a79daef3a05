//! The files that are given on the command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use machine_id::config::{
    AddressKind, EngineConfig, HelperConfig, HelperContent, IdentityConfig, OutputConfig, TbotConfig, TbotOptions,
    TunnelConfig,
};
use machine_id::error::{Code, Error};
use machine_id::identity::IdentityFile;
use machine_id::output::key_advice;
use machine_id::secret::Secret;
use zeroize::Zeroizing;

/// Nobody writes a larger configuration by hand.
const MAX_CONFIG: u64 = 1024 * 1024;
/// Far above what a file of CA certificates has.
pub(crate) const MAX_CA: u64 = 4 * 1024 * 1024;
/// Far above what an identity file has.
const MAX_IDENTITY: u64 = 256 * 1024;

/// Reads a configuration; what does nothing in it is said once on standard error.
pub(crate) fn config(path: &Path) -> Result<TbotConfig, Error> {
    config_with(Some(path), TbotOptions::default())
}

/// As [`config`], with what the command line says; without a file that is all there is.
pub(crate) fn config_with(path: Option<&Path>, options: TbotOptions) -> Result<TbotConfig, Error> {
    // A join token may stand in it.
    let text = path.map(|path| read(path, MAX_CONFIG).map(Zeroizing::new)).transpose()?;
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let source = path.map_or_else(|| "the command line".to_owned(), |path| path.display().to_string());
    match TbotConfig::from_yaml_with(&source, text.as_ref().map(|text| text.as_slice()), &here, options) {
        Ok(config) => {
            for warning in &config.warnings {
                eprintln!("machine-id: warning: {warning}");
            }
            stay_at_address(config, std::env::var_os(USE_PROXY_ADDR).as_deref())
        }
        Err(error) => {
            if error.diagnostics().len() == 1 {
                return Err(error.into());
            }
            for fault in error.diagnostics() {
                eprintln!("machine-id: {fault}");
            }
            let (count, code) = (error.diagnostics().len(), Error::from(error).code());
            Err(Error::new(code, format!("{source} has {count} faults"), "correct each line named above"))
        }
    }
}

/// tbot's variable: stay with the address of `proxy_server` where the proxy announces another one. It has no key.
const USE_PROXY_ADDR: &str = "TBOT_USE_PROXY_ADDR";

fn stay_at_address(mut config: TbotConfig, wish: Option<&OsStr>) -> Result<TbotConfig, Error> {
    match wish.and_then(OsStr::to_str) {
        None | Some("" | "no") => {}
        Some("yes") if config.identity.cluster.kind == AddressKind::Proxy => {
            config.identity.cluster.use_configured_address = true;
        }
        Some("yes") => {
            return Err(Error::new(
                Code::ConfigInvalid,
                format!("{USE_PROXY_ADDR}=yes needs the address of a proxy, and auth_server is configured"),
                "write proxy_server instead, or unset the variable",
            ));
        }
        // As tbot takes it.
        Some(_) => eprintln!("machine-id: warning: {USE_PROXY_ADDR} does nothing: only yes switches it on"),
    }
    Ok(config)
}

/// What is to be done for a configuration.
pub(crate) struct Order {
    pub(crate) engine: EngineConfig,
    pub(crate) outputs: Vec<OutputConfig>,
    pub(crate) tunnels: Vec<TunnelConfig>,
}

/// An engine for a configuration, what is to be written, and what leads where.
pub(crate) fn order(config: TbotConfig) -> Result<Order, Error> {
    for output in &config.outputs {
        if let Some(advice) = key_advice(config.identity.key_algorithm, &output.kind) {
            eprintln!("machine-id: warning: {}: {advice}", output.destination.path.display());
        }
    }
    let root = root(&config.identity);
    let engine = EngineConfig { root, helper: this_program()?, identities: vec![config.identity] };
    Ok(Order { engine, outputs: config.outputs, tunnels: config.tunnels })
}

/// Where leases are written down: beside the identity, or where that is in memory, in the user's own place for what
/// ends with the machine. (What a killed process has left is found there by the next one.)
pub(crate) fn root(identity: &IdentityConfig) -> PathBuf {
    match &identity.storage {
        Some(storage) => storage.path.clone(),
        None => runtime_directory().map_or_else(
            || std::env::temp_dir().join(format!("machine-id-{}", nix::unistd::geteuid())),
            |directory| directory.join("machine-id"),
        ),
    }
}

/// `XDG_RUNTIME_DIR`, where there is one.
pub(crate) fn runtime_directory() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute() && path.is_dir())
}

/// Reads the identity file of a destination: one file, replaced as a whole, so that what is in it belongs together.
pub(crate) fn identity(directory: &Path) -> Result<IdentityFile, Error> {
    let path = directory.join("identity");
    let text = String::from_utf8(read(&path, MAX_IDENTITY)?).map(Secret::new).map_err(|_| {
        Error::new(Code::IdentityCorrupt, format!("{} isn't text", path.display()), "write the output again")
    })?;
    Ok(IdentityFile::parse(text.expose())?)
}

/// Reads a small file whole.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let cannot = |why: String| {
        Error::new(
            Code::ConfigUnreadable,
            format!("cannot read {}: {why}", path.display()),
            "check the path and its permissions; what isn't written yet, `machine-id start` writes",
        )
    };
    let size = std::fs::metadata(path).map_err(|error| cannot(error.to_string()))?.len();
    if size > limit {
        return Err(cannot(format!("it has {size} bytes, more than {limit}")));
    }
    std::fs::read(path).map_err(|error| cannot(error.to_string()))
}

/// The path of this program, to be written into the files that call it.
fn this_program() -> Result<HelperConfig, Error> {
    let path = std::env::current_exe().map_err(|error| {
        Error::new(Code::Internal, format!("cannot find this program's own path: {error}"), "is /proc mounted?")
    })?;
    Ok(HelperConfig { path, content: HelperContent::ThisProcess })
}
