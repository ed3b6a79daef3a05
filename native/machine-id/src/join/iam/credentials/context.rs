//! What every place needs: variables, files, the network, the time.

use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::blocking::{self, Lane};
use crate::clock::Clock;
use crate::connect::Connector;
use crate::join::iam::error::IamError;
use crate::join::iam::lookup::Lookup;
use crate::join::proof;
use crate::secret::Secret;

/// Largest file that is read.
const LONGEST: u64 = 1 << 20;

/// One search's view of the machine.
#[derive(Clone, Copy)]
pub(in crate::join::iam) struct Context<'a> {
    pub(in crate::join::iam) connector: &'a Connector,
    pub(in crate::join::iam) lookup: Lookup<'a>,
    pub(in crate::join::iam) clock: &'a dyn Clock,
    /// Only hosts with FIPS cryptography.
    pub(in crate::join::iam) fips: bool,
}

impl Context<'_> {
    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// A file's text, or why there is none.
    pub(super) async fn file(&self, path: PathBuf) -> Result<io::Result<Secret>, IamError> {
        let read = blocking::run(Lane::Store, move || proof::file_text(&path, LONGEST)).await;
        read.map_err(|error| IamError::Internal { reason: error.to_string() })
    }
}
