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
mod users;
mod verify;

pub use apply::{Kind, clear_default, read, read_at, set, set_at};
pub use entry::{Acl, Entry, Permissions, Qualifier};
pub use error::{AclError, code_of};
pub use grants::Grants;
pub use plan::{for_directory, for_file, for_socket, quoted, to_setfacl};
pub use users::{group_name_of, name_of, uid_of};
pub use verify::{AclVerdict, Difference, Object, differences};

#[cfg(test)]
mod tests;
