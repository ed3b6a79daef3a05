//! Who may read a destination beside its owner, by number.

use nix::unistd::{Gid, Group, User};

use super::AclError;
use super::users::{gid_of, uid_of};
use crate::config::Reader;

/// Users and groups, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readers {
    /// Users, without the owner.
    pub users: Vec<u32>,
    /// Groups.
    pub groups: Vec<u32>,
}

impl Readers {
    /// Looks them up. The owner needs no entry and is left out.
    pub(super) fn resolve(readers: &[Reader], owner: u32) -> Result<Self, AclError> {
        let mut found = Self::default();
        for reader in readers {
            match reader {
                Reader::User(user) => found.users.push(uid_of(user)?),
                Reader::Group(group) => found.groups.push(gid_of(group)?),
            }
        }
        found.users.retain(|uid| *uid != owner);
        for list in [&mut found.users, &mut found.groups] {
            list.sort_unstable();
            list.dedup();
        }
        Ok(found)
    }

    /// Whether nobody is named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// The users, and those whom this machine's lists have in the groups.
    #[must_use]
    pub fn members(&self) -> Vec<u32> {
        let mut all = self.users.clone();
        let passwd = match self.groups.is_empty() {
            true => String::new(),
            false => std::fs::read_to_string("/etc/passwd").unwrap_or_default(),
        };
        for gid in &self.groups {
            let group = Group::from_gid(Gid::from_raw(*gid)).ok().flatten();
            let named = group.into_iter().flat_map(|group| group.mem);
            all.extend(named.filter_map(|name| User::from_name(&name).ok().flatten()).map(|user| user.uid.as_raw()));
            all.extend(with_primary_group(&passwd, *gid));
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The users of `passwd` whose own group it is.
fn with_primary_group(passwd: &str, gid: u32) -> impl Iterator<Item = u32> + '_ {
    passwd.lines().filter_map(move |line| {
        let mut fields = line.split(':').skip(2);
        let (user, group) = (fields.next()?.parse().ok()?, fields.next()?.parse::<u32>().ok()?);
        (group == gid).then_some(user)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_groups_members_are_also_those_whose_own_group_it_is() {
        let passwd = "root:x:0:0::/root:/bin/sh\nci:x:1000:1000::/:/bin/sh\nweb:x:1001:1000::/:/bin/sh\nbroken\n";
        assert_eq!(with_primary_group(passwd, 1000).collect::<Vec<_>>(), [1000, 1001]);
    }
}
