//! `--pid-file`, as tbot writes it.

use std::fs::{OpenOptions, read_to_string, remove_file};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use machine_id::error::{Code, Error};
use nix::fcntl::OFlag;

/// The file, removed at the end if it is still ours.
#[derive(Debug)]
pub(super) struct PidFile(PathBuf);

impl PidFile {
    pub(super) fn write(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o644).custom_flags(OFlag::O_NOFOLLOW.bits());
        let written = options.open(path).and_then(|mut file| writeln!(file, "{}", std::process::id()));
        written.map(|()| Self(path.to_owned())).map_err(|error| {
            let message = format!("cannot write the pid file {}: {error}", path.display());
            Error::new(Code::DestinationDenied, message, "check the directory, or leave --pid-file out")
        })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let ours = std::process::id().to_string();
        if read_to_string(&self.0).is_ok_and(|text| text.trim() == ours)
            && let Err(error) = remove_file(&self.0)
        {
            tracing::warn!("the pid file {} can't be removed: {error}", self.0.display());
        }
    }
}
