//! The kernel's form of a list: `linux/posix_acl_xattr.h`, version 2, little endian.

use super::entry::{Acl, Entry, Permissions, Qualifier};

const VERSION: u32 = 2;
const NO_ID: u32 = u32::MAX;
const ENTRY_SIZE: usize = 8;
/// More entries than any file system stores (ext4: about 500, xfs: 8191).
const MAX_ENTRIES: usize = 8192;

/// As the value of `system.posix_acl_access` or `system.posix_acl_default`.
pub(super) fn to_bytes(acl: &Acl) -> Vec<u8> {
    let mut bytes = VERSION.to_le_bytes().to_vec();
    for entry in acl.entries() {
        let (tag, id): (u16, u32) = match entry.who {
            Qualifier::Owner => (0x01, NO_ID),
            Qualifier::User(uid) => (0x02, uid),
            Qualifier::OwningGroup => (0x04, NO_ID),
            Qualifier::Group(gid) => (0x08, gid),
            Qualifier::Mask => (0x10, NO_ID),
            Qualifier::Other => (0x20, NO_ID),
        };
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&u16::from(entry.permissions.bits()).to_le_bytes());
        bytes.extend_from_slice(&id.to_le_bytes());
    }
    bytes
}

/// The list in an attribute's value; none if it isn't one of version 2.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<Acl> {
    let (version, rest) = bytes.split_first_chunk::<4>()?;
    let sized = rest.len() % ENTRY_SIZE == 0 && rest.len() / ENTRY_SIZE <= MAX_ENTRIES;
    if u32::from_le_bytes(*version) != VERSION || !sized {
        return None;
    }
    rest.chunks_exact(ENTRY_SIZE).map(entry).collect::<Option<Vec<_>>>().map(Acl::new)
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let (tag, rest) = bytes.split_first_chunk::<2>()?;
    let (permissions, rest) = rest.split_first_chunk::<2>()?;
    let (id, _) = rest.split_first_chunk::<4>()?;
    let id = u32::from_le_bytes(*id);
    let who = match u16::from_le_bytes(*tag) {
        0x01 => Qualifier::Owner,
        0x02 => Qualifier::User(id),
        0x04 => Qualifier::OwningGroup,
        0x08 => Qualifier::Group(id),
        0x10 => Qualifier::Mask,
        0x20 => Qualifier::Other,
        _ => return None,
    };
    Some(Entry { who, permissions: Permissions::from_bits(u16::from_le_bytes(*permissions))? })
}
