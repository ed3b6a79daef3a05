//! The table on disk.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::owner::Liveness;
use super::record::is_plain;
use super::{CertificateHistory, Ended, Fate, LeaseError, LeaseId, LeaseRecord, Owner};
use crate::clock::SharedClock;
use crate::config::DirectoryConfig;
use crate::destination::{Destination, DestinationError, Durability, HeldPart, PartLock, remove_marked, withdraw};
use crate::once::first_time;

/// The file in a lease's directory that says whose it is.
pub(crate) const MARKER: &str = ".lease";

const DIGITS: &str = "0123456789abcdef";
/// Its lock's name; no digit.
const WHOLE: char = '*';
/// Above what its certificates may take, and the rest.
pub(super) const MAX_RECORD: u64 = 384 * 1024;
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// A lease whose owner can't be seen from here is given this long after its certificates have ended.
const OUT_OF_SIGHT_GRACE: Duration = Duration::from_secs(3600);

/// What a caller asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    /// The lease's name.
    pub id: &'a LeaseId,
    /// The identity it is for.
    pub identity: &'a str,
    /// Its directory.
    pub destination: &'a DirectoryConfig,
    /// Where the directory must lie, if anywhere.
    pub within: Option<&'a Path>,
    /// When its certificates end.
    pub expires: SystemTime,
    /// Whether the directory outlives the lease.
    pub standing: bool,
    /// Whether it joins by a statement of its own.
    pub given: bool,
}

/// All leases of one engine root.
#[derive(Debug)]
pub(crate) struct LeaseTable {
    directory: Destination,
    clock: SharedClock,
    this: Owner,
    /// One for each last digit of an id: what is done with a lease never meets something else that is done with it,
    /// while most others go on beside it.
    parts: Vec<PartLock>,
    /// For what is compared with all others.
    whole: PartLock,
    /// How long to wait for a lock.
    patience: Duration,
}

impl LeaseTable {
    /// Opens the table in `<root>/leases`, which is made if it isn't there.
    ///
    /// # Errors
    /// When the directory is unsafe or can't be made.
    pub(crate) fn open(root: &DirectoryConfig, clock: SharedClock) -> Result<Self, LeaseError> {
        let config = DirectoryConfig { path: root.path.join("leases"), readers: Vec::new(), ..root.clone() };
        let directory = Destination::create_or_open(&config)?.with_durability(Durability::Volatile);
        let parts = DIGITS.chars().map(PartLock::new).collect();
        let (this, whole) = (Owner::this_process()?, PartLock::new(WHOLE));
        Ok(Self { directory, clock, this, parts, whole, patience: LOCK_WAIT })
    }

    /// The same, for callers that wait in another way than by blocking the thread: they try again.
    #[must_use]
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Takes a lease and opens its directory, which must be absent, empty, or already this lease's. Taking the same
    /// lease again is fine, also after its owner died.
    ///
    /// # Errors
    /// When the id or the directory is in use otherwise, or the directory is unsafe.
    pub(crate) fn take(&self, claim: &Claim<'_>) -> Result<(LeaseRecord, Destination), LeaseError> {
        check_directory(claim)?;
        // A standing one is compared with all others.
        let _all = if claim.standing { Some(self.directory.lock_part(&self.whole, self.patience)?) } else { None };
        let _held = self.lock_lease(claim.id)?;
        let now = self.clock.now();
        let known = self.find(claim.id)?;
        if let Some(record) = &known
            && (record.directory != claim.destination.path
                || record.identity != claim.identity
                || record.standing != claim.standing)
        {
            let LeaseRecord { id, identity, directory, .. } = record.clone();
            return Err(LeaseError::InUse { id, identity, directory });
        }
        if claim.standing {
            self.check_nobody_else_keeps(claim)?;
        }
        let record = LeaseRecord {
            id: claim.id.clone(),
            directory: claim.destination.path.clone(),
            identity: claim.identity.to_owned(),
            owner: self.this.clone(),
            created: known.as_ref().map_or(now, |record| record.created),
            expires: claim.expires,
            standing: claim.standing,
            given: claim.given,
            history: known.as_ref().map(|record| record.history.clone()).unwrap_or_default(),
        };
        // The record first: a directory that nobody knows of would never be cleaned.
        let (name, contents) = (file_name(claim.id), record.to_json());
        if known.is_some() || !self.directory.create(&name, &contents)? {
            self.directory.replace(&name, &contents)?;
        }
        match occupy(claim) {
            Ok(destination) => Ok((record, destination)),
            Err(error) => {
                if known.is_none() {
                    self.directory.delete(&name)?;
                }
                Err(error)
            }
        }
    }

    /// Notes that the certificates now end at `expires`, and which ones the lease has held.
    ///
    /// # Errors
    /// When this process has no such lease.
    pub(crate) fn extend(
        &self,
        id: &LeaseId,
        expires: SystemTime,
        history: &CertificateHistory,
    ) -> Result<LeaseRecord, LeaseError> {
        let _held = self.lock_lease(id)?;
        let unknown = || LeaseError::Unknown { id: id.clone() };
        let mut record = self.read(id)?.filter(|record| record.owner == self.this).ok_or_else(unknown)?;
        if record.expires == expires && record.history == *history {
            return Ok(record);
        }
        record.expires = expires;
        record.history.clone_from(history);
        self.directory.replace(&file_name(id), &record.to_json())?;
        Ok(record)
    }

    /// Whether a lease still belongs to this process.
    ///
    /// # Errors
    /// When the table can't be read.
    pub(crate) fn is_ours(&self, id: &LeaseId) -> Result<bool, LeaseError> {
        Ok(self.read(id)?.is_some_and(|record| record.owner == self.this))
    }

    /// Gives a lease back: its directory is deleted (unless it is standing), then its record.
    ///
    /// # Errors
    /// When something can't be deleted; the lease then stays in the table and can be released again.
    pub(crate) fn release(&self, id: &LeaseId) -> Result<Ended, LeaseError> {
        let _held = self.lock_lease(id)?;
        self.end_known(self.read(id)?, id)
    }

    /// As [`Self::release`], unless another process has taken the lease over meanwhile: then it is that one's.
    ///
    /// # Errors
    /// As [`Self::release`].
    pub(crate) fn release_ours(&self, id: &LeaseId) -> Result<Ended, LeaseError> {
        let _held = self.lock_lease(id)?;
        match self.read(id)? {
            Some(record) if record.owner != self.this => Ok(Ended::NOTHING),
            known => self.end_known(known, id),
        }
    }

    /// As [`Self::release`], also where the table has lost the lease: the caller knows its directory, which goes if it
    /// carries the lease's mark.
    ///
    /// # Errors
    /// As [`Self::release`], or when the path can't be a lease's.
    pub(crate) fn discard(&self, id: &LeaseId, directory: &Path) -> Result<Ended, LeaseError> {
        if !is_plain(directory) {
            return Err(unusable(directory));
        }
        let _held = self.lock_lease(id)?;
        let ended = self.end_known(self.find(id)?, id)?;
        if ended.record.as_ref().is_some_and(|record| record.directory == directory) {
            return Ok(ended);
        }
        withdraw(directory, id.as_str());
        Ok(Ended { directory: remove_marked(directory, MARKER, id.as_str())?.into(), ..ended })
    }

    fn end_known(&self, known: Option<LeaseRecord>, id: &LeaseId) -> Result<Ended, LeaseError> {
        match known {
            Some(record) => {
                let directory = self.end(&record)?;
                Ok(Ended { record: Some(record), directory })
            }
            None => {
                self.directory.delete(&file_name(id))?;
                Ok(Ended::NOTHING)
            }
        }
    }

    /// Every lease that can be read.
    ///
    /// # Errors
    /// When the table can't be read.
    pub(crate) fn list(&self) -> Result<Vec<LeaseRecord>, LeaseError> {
        let mut all = Vec::new();
        for name in self.directory.names()? {
            if let Some(id) = name.strip_suffix(".json").and_then(|id| LeaseId::parse(id).ok()) {
                all.extend(self.find(&id)?);
            }
        }
        Ok(all)
    }

    /// Ends the leases whose process is gone. What can't be deleted is logged and tried again next time.
    ///
    /// # Errors
    /// When the table can't be read or locked.
    pub(crate) fn sweep(&self) -> Result<Vec<LeaseRecord>, LeaseError> {
        let mut swept = Vec::new();
        for record in self.list()?.into_iter().filter(|record| self.is_over(record)) {
            let _held = match self.lock_lease(&record.id) {
                // Somebody is at it.
                Err(error) if error.is_busy() => continue,
                other => other?,
            };
            // Somebody may have ended it meanwhile, or taken it again.
            if self.find(&record.id)?.as_ref() != Some(&record) {
                continue;
            }
            match self.end(&record) {
                Ok(_) => swept.push(record),
                Err(error) => tracing::warn!(lease = %record.id, %error, "a dead lease can't be cleaned yet"),
            }
        }
        Ok(swept)
    }

    fn is_over(&self, record: &LeaseRecord) -> bool {
        match record.owner.liveness(&self.this) {
            Liveness::Alive => false,
            // Its build may be waiting for its turn to join once more, for as long as the certificates are of use.
            Liveness::Dead => !record.given || self.clock.now() > record.expires,
            Liveness::OutOfSight => self.clock.now() > record.expires + OUT_OF_SIGHT_GRACE,
        }
    }

    fn end(&self, record: &LeaseRecord) -> Result<Fate, LeaseError> {
        let path = record.directory.as_path();
        withdraw(path, record.id.as_str());
        let fate = match record.standing {
            true => Fate::Kept,
            false => remove_marked(path, MARKER, record.id.as_str())?.into(),
        };
        match fate {
            Fate::Removed | Fate::Kept => {}
            Fate::Absent => tracing::warn!(lease = %record.id, path = %path.display(), "its directory isn't there"),
            Fate::NotOurs => {
                tracing::warn!(lease = %record.id, path = %path.display(), "left alone: no mark of this lease in it");
            }
        }
        self.directory.delete(&file_name(&record.id))?;
        Ok(fate)
    }

    /// The record of a lease, as if there were none where others could have written it: it names a directory to be removed.
    fn find(&self, id: &LeaseId) -> Result<Option<LeaseRecord>, LeaseError> {
        match self.read(id) {
            Err(LeaseError::Destination(error)) if is_of_others(&error) => {
                if first_time(self.directory.path().join(file_name(id)), "record") {
                    tracing::warn!(
                        lease = %id,
                        "{error}; this record of a lease is ignored, and its directory stays until the lease is taken or \
                         released again"
                    );
                }
                Ok(None)
            }
            other => other,
        }
    }

    fn read(&self, id: &LeaseId) -> Result<Option<LeaseRecord>, LeaseError> {
        let contents = self.directory.read(&file_name(id), MAX_RECORD)?;
        let record = contents.as_ref().and_then(|contents| LeaseRecord::from_json(id, contents));
        if contents.is_some() && record.is_none() && first_time(self.directory.path().join(file_name(id)), "record") {
            tracing::warn!(lease = %id, "the record of this lease can't be read");
        }
        Ok(record)
    }

    fn check_nobody_else_keeps(&self, claim: &Claim<'_>) -> Result<(), LeaseError> {
        for other in self.list()? {
            let same = other.directory == claim.destination.path && other.id != *claim.id;
            if same && other.owner.liveness(&self.this) != Liveness::Dead && other.owner != self.this {
                let LeaseRecord { directory, id: holder, owner, .. } = other;
                return Err(LeaseError::Held { directory, holder, pid: owner.pid });
            }
        }
        Ok(())
    }

    fn lock_lease(&self, id: &LeaseId) -> Result<HeldPart<'_>, LeaseError> {
        let last = id.as_str().chars().last();
        let part = DIGITS.chars().position(|digit| Some(digit) == last).and_then(|index| self.parts.get(index));
        // An id ends with a digit, and each has its part.
        let part = part.ok_or_else(|| LeaseError::Id { text: id.to_string() })?;
        Ok(self.directory.lock_part(part, self.patience)?)
    }
}

/// The name of a lease's record in the table.
pub(crate) fn file_name(id: &LeaseId) -> String {
    format!("{id}.json")
}

/// Whether somebody else may have put a file there, or changed it.
const fn is_of_others(error: &DestinationError) -> bool {
    use DestinationError::{ForeignOwner, NotAFile, SymbolicLink, TooLong, TooOpen};
    matches!(error, TooOpen { .. } | ForeignOwner { .. } | SymbolicLink { .. } | NotAFile { .. } | TooLong { .. })
}

fn unusable(path: &Path) -> LeaseError {
    let reason = "it must be absolute UTF-8 text without `.`, `..` and control characters".to_owned();
    LeaseError::Directory { path: path.to_owned(), reason }
}

fn check_directory(claim: &Claim<'_>) -> Result<(), LeaseError> {
    let path = claim.destination.path.as_path();
    if !is_plain(path) {
        return Err(unusable(path));
    }
    match claim.within {
        Some(within) if !is_plain(within) || path == within || !path.starts_with(within) => {
            let reason = format!("it must lie below {}", within.display());
            Err(LeaseError::Directory { path: path.to_owned(), reason })
        }
        _ => Ok(()),
    }
}

/// Opens or makes the directory and puts the mark in it.
fn occupy(claim: &Claim<'_>) -> Result<Destination, LeaseError> {
    if claim.standing {
        return Ok(Destination::create_or_open(claim.destination)?);
    }
    let destination = Destination::create_or_open_as(claim.destination, Durability::Volatile)?;
    let id = claim.id.as_str().as_bytes();
    // Made just now: nothing is in it, and if something is all the same, so is its mark.
    if destination.is_untouched() && destination.create(MARKER, id)? {
        return Ok(destination);
    }
    let is_marked = |mark: &[u8]| mark == id;
    if destination.read(MARKER, MAX_RECORD)?.is_some_and(|mark| is_marked(&mark)) {
        return Ok(destination);
    }
    // What a writer left that was killed before it had put the mark in is as good as nothing.
    if destination.is_as_good_as_empty()? && destination.create(MARKER, id)? {
        return Ok(destination);
    }
    Err(LeaseError::Occupied { id: claim.id.clone(), directory: claim.destination.path.clone() })
}
