//! POSIX access control lists: what is wanted, what is there, setting it.
//!
//! Readers are granted as `tbot init --reader-user` does (protocol G3), with one difference: tbot gives a reader
//! write access to the files, we give read access only. What tbot prepared is accepted when it is verified.

mod apply;
mod encode;
mod entry;
mod error;
mod grants;
mod plan;
mod readers;
mod users;
mod verify;

pub(crate) use apply::clear_default;
pub use apply::{Kind, read, read_at, set};
pub use entry::{Acl, Entry, Permissions, Qualifier};
pub(crate) use error::{AclError, code_of};
pub use grants::Grants;
pub(crate) use plan::{for_directory, for_file, quoted, to_setfacl};
pub use readers::Readers;
pub(crate) use users::group_name_of;
pub use users::name_of;
pub use verify::{AclVerdict, Difference, Object, differences};

#[cfg(test)]
mod tests;
