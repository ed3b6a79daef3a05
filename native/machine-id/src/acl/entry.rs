//! The entries of a list, as acl(5) names them.

use std::fmt;

/// Whom an entry is for. The order is the one the kernel wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qualifier {
    /// The owner of the file.
    Owner,
    /// A user by number.
    User(u32),
    /// The owning group.
    OwningGroup,
    /// A group by number.
    Group(u32),
    /// The most that named users and all groups can get.
    Mask,
    /// Everybody else.
    Other,
}

/// Read 4, write 2, execute or search 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Permissions(u8);

impl Permissions {
    /// `---`
    pub const NONE: Self = Self(0);
    /// `r--`
    pub const READ: Self = Self(4);
    /// `r-x`
    pub const READ_SEARCH: Self = Self(5);
    /// `rw-`
    pub const READ_WRITE: Self = Self(6);
    /// `rwx`
    pub const ALL: Self = Self(7);

    /// The three low bits.
    #[must_use]
    pub fn from_bits(bits: u16) -> Option<Self> {
        u8::try_from(bits).ok().filter(|bits| *bits <= 7).map(Self)
    }

    /// As a number from 0 to 7.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` is granted.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether writing is granted.
    #[must_use]
    pub const fn writes(self) -> bool {
        self.0 & 2 != 0
    }

    /// What is granted by either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is granted by both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (bit, letter) in [(4, "r"), (2, "w"), (1, "x")] {
            f.write_str(if self.0 & bit == 0 { "-" } else { letter })?;
        }
        Ok(())
    }
}

/// Somebody and what they may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whom the entry is for.
    pub who: Qualifier,
    /// What they may do.
    pub permissions: Permissions,
}

/// A whole list, sorted, at most one entry for each qualifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl(Vec<Entry>);

impl Acl {
    /// Sorts `entries`; of two for the same qualifier the first counts.
    #[must_use]
    pub fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| entry.who);
        entries.dedup_by_key(|entry| entry.who);
        Self(entries)
    }

    /// The list that mode bits stand for.
    #[must_use]
    pub fn of_mode(mode: u32) -> Self {
        let part = |shift: u32| {
            u16::try_from((mode >> shift) & 7).ok().and_then(Permissions::from_bits).unwrap_or(Permissions::NONE)
        };
        Self::new(vec![
            Entry { who: Qualifier::Owner, permissions: part(6) },
            Entry { who: Qualifier::OwningGroup, permissions: part(3) },
            Entry { who: Qualifier::Other, permissions: part(0) },
        ])
    }

    /// All entries in the kernel's order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// What is written for `who`, before the mask.
    #[must_use]
    pub fn get(&self, who: Qualifier) -> Option<Permissions> {
        self.0.iter().find(|entry| entry.who == who).map(|entry| entry.permissions)
    }

    /// What `entry` grants in effect: the mask limits named users and all groups.
    #[must_use]
    pub fn effective(&self, entry: Entry) -> Permissions {
        match entry.who {
            Qualifier::Owner | Qualifier::Mask | Qualifier::Other => entry.permissions,
            Qualifier::User(_) | Qualifier::OwningGroup | Qualifier::Group(_) => {
                entry.permissions.and(self.get(Qualifier::Mask).unwrap_or(Permissions::ALL))
            }
        }
    }

    /// The users named, with what they may do in effect.
    pub fn users(&self) -> impl Iterator<Item = (u32, Permissions)> + '_ {
        self.0.iter().filter_map(|entry| match entry.who {
            Qualifier::User(uid) => Some((uid, self.effective(*entry))),
            _ => None,
        })
    }
}
