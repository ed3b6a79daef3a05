//! Where something goes: what tbot calls a destination, of the bot's own identity or of an output.

use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::{DirectoryConfig, JoinConfig, OutputKind};
use crate::config::read::ssh_path::not_for_ssh_config;
use crate::method::Proof;

/// Where tbot keeps the bot's identity unless told otherwise (protocol G2).
const DEFAULT_STORAGE: &str = "/var/lib/teleport/bot";

/// What is built of tbot's destinations.
#[derive(Debug)]
pub(super) enum Sink {
    /// Files.
    Directory {
        directory: DirectoryConfig,
        /// Where its path stands.
        path: Place,
    },
    /// The memory of the process.
    Memory(Place),
}

impl Sink {
    /// Where the identity is kept unless something is written.
    pub(super) fn default_storage() -> Self {
        Self::Directory { directory: DirectoryConfig::private(DEFAULT_STORAGE.into()), path: Place::default() }
    }

    /// Where it stands, if it was written.
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::Directory { path, .. } => Some(path.clone()).filter(|place| place.line.is_some()),
            Self::Memory(place) => Some(place.clone()),
        }
    }

    /// Where the files of an output of this kind go; none: nowhere.
    pub(super) fn of_output(
        self,
        kind: Option<&OutputKind>,
        diagnostics: &mut Diagnostics,
    ) -> Option<(DirectoryConfig, Place)> {
        match self {
            Self::Directory { directory, path } => {
                let text = directory.path.to_str().filter(|_| kind.is_some_and(OutputKind::writes_ssh_config));
                if let Some(reason) = text.and_then(not_for_ssh_config) {
                    let message = format!(
                        "is {:?}, where no ssh_config can point to: {reason}; variables aren't expanded here, write \
                         the path out",
                        directory.path
                    );
                    diagnostics.error(&path, message);
                }
                Some((directory, path))
            }
            Self::Memory(place) => {
                diagnostics.warn(&place, "makes no files, nor does it in tbot: this output is left out");
                None
            }
        }
    }

    /// Where the bot's identity is kept; none: in memory, which is warned of where a restart then takes more than this
    /// file.
    pub(super) fn of_storage(
        self,
        join: Option<&JoinConfig>,
        diagnostics: &mut Diagnostics,
    ) -> Option<DirectoryConfig> {
        let place = match self {
            Self::Directory { directory, path: _ } => return Some(directory),
            Self::Memory(place) => place,
        };
        let lost = join.and_then(|join| match join.method.spec().proof {
            Proof::Token => Some("after a restart a fresh token is needed"),
            Proof::BoundKey if join.settings.path("static_key_path").is_none() => {
                Some("its key ends with it, too; after a restart a fresh registration secret is needed")
            }
            _ => None,
        });
        if let Some(lost) = lost {
            let message = format!(
                "keeps the bot's identity no longer than this process runs: {lost}; a directory that only the bot can \
                 read keeps it"
            );
            diagnostics.warn(&place, &message);
        }
        None
    }
}
