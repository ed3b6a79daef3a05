//! Whether readers get to a directory: those above it have to let them through.

use std::ffi::CString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User, getgrouplist};

use crate::acl::{self, Acl, Difference, Qualifier, Readers};

/// The directories above that stop a reader, the outermost of each. What can't be looked at stops nobody, as far as is known.
pub(super) fn stopped(path: &Path, readers: &Readers) -> Vec<(PathBuf, Difference)> {
    if readers.is_empty() {
        return Vec::new();
    }
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut above: Vec<&Path> = whole.ancestors().skip(1).collect();
    above.reverse();
    let stops = |passes: &dyn Fn(&Above) -> bool| {
        above.iter().find(|at| Above::at(at).is_some_and(|seen| !passes(&seen))).map(|at| at.to_path_buf())
    };
    let mut found = Vec::new();
    for uid in &readers.users {
        let user = Member::of(*uid);
        found.extend(stops(&|seen| seen.lets_user(*uid, &user)).map(|at| (at, Difference::ReaderMissing(*uid))));
    }
    for gid in &readers.groups {
        found.extend(stops(&|seen| seen.lets_group(*gid)).map(|at| (at, Difference::GroupMissing(*gid))));
    }
    found
}

/// A directory above.
struct Above {
    owner: u32,
    group: u32,
    list: Acl,
}

impl Above {
    fn at(path: &Path) -> Option<Self> {
        let seen = path.metadata().ok()?;
        let list = acl::read_at(path).ok().flatten().unwrap_or_else(|| Acl::of_mode(seen.mode()));
        Some(Self { owner: seen.uid(), group: seen.gid(), list })
    }

    /// As the kernel decides it (acl(5)).
    fn lets_user(&self, uid: u32, user: &Member) -> bool {
        if uid == 0 {
            return true;
        }
        if uid == self.owner {
            return self.grants(|who| who == Qualifier::Owner).unwrap_or(false);
        }
        let by_name = self.grants(|who| who == Qualifier::User(uid));
        let by_group = || {
            self.grants(|who| match who {
                Qualifier::OwningGroup => user.is_in(self.group),
                Qualifier::Group(gid) => user.is_in(gid),
                _ => false,
            })
        };
        by_name.or_else(by_group).unwrap_or_else(|| self.lets_others())
    }

    /// Its members may get through otherwise, too; that isn't looked at.
    fn lets_group(&self, gid: u32) -> bool {
        let by_group =
            self.grants(|who| who == Qualifier::Group(gid) || (who == Qualifier::OwningGroup && self.group == gid));
        by_group.unwrap_or_else(|| self.lets_others())
    }

    fn lets_others(&self) -> bool {
        self.grants(|who| who == Qualifier::Other).unwrap_or(false)
    }

    /// Whether one of these entries lets through; none: there is no such entry.
    fn grants(&self, which: impl Fn(Qualifier) -> bool) -> Option<bool> {
        let entries = self.list.entries().iter().filter(|entry| which(entry.who));
        entries.map(|entry| self.list.effective(*entry).bits() & 1 != 0).reduce(|one, other| one || other)
    }
}

/// The groups that a user is in, as a login has them: a directory service's lists name no members.
struct Member(Vec<Gid>);

impl Member {
    fn of(uid: u32) -> Self {
        let groups = |user: User| getgrouplist(&CString::new(user.name).ok()?, user.gid).ok();
        Self(User::from_uid(Uid::from_raw(uid)).ok().flatten().and_then(groups).unwrap_or_default())
    }

    fn is_in(&self, gid: u32) -> bool {
        self.0.contains(&gid.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_above_lets_through_whom_the_kernel_would() {
        let above = |mode: u32| Above { owner: 61001, group: 61002, list: Acl::of_mode(mode) };
        let nobody = Member(Vec::new());
        for (mode, owner, other) in
            [(0o711, true, true), (0o700, true, false), (0o771, true, true), (0o671, false, true)]
        {
            let seen = above(mode);
            assert_eq!((seen.lets_user(61001, &nobody), seen.lets_user(61003, &nobody)), (owner, other), "{mode:o}");
            assert!(seen.lets_user(0, &nobody));
        }
        let member = Member(vec![61002.into()]);
        assert!(above(0o710).lets_user(61003, &member) && !above(0o701).lets_user(61003, &member));
        assert!(Member::of(0).is_in(0), "the group that root logs in with");
        // A group that gets nothing gets nothing as others either.
        assert!(!above(0o701).lets_group(61002) && above(0o701).lets_group(61003) && above(0o710).lets_group(61002));
    }
}
