//! What every place needs: variables, files, the network, the time.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::blocking::{self, Lane};
use crate::clock::Clock;
use crate::connect::Connector;
use crate::join::iam::error::IamError;
use crate::join::iam::lookup::Lookup;
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
        let read = move || {
            let mut text = Zeroizing::new(String::new());
            File::open(&path)?.take(LONGEST + 1).read_to_string(&mut text)?;
            if text.len() > usize::try_from(LONGEST).unwrap_or(usize::MAX) {
                return Err(io::Error::other(format!("it exceeds {LONGEST} bytes")));
            }
            Ok(Secret::new(std::mem::take(&mut *text)))
        };
        blocking::run(Lane::Store, read).await.map_err(|error| IamError::Internal { reason: error.to_string() })
    }
}
