//! What the readers of both texts share: a text as a tree, and the values in it.

pub(in crate::config) mod address;
pub(in crate::config) mod duration;
pub(in crate::config) mod join;
pub(in crate::config) mod join_uri;
pub(in crate::config) mod kubernetes;
pub(in crate::config) mod listen;
pub(in crate::config) mod nearest;
pub(in crate::config) mod output;
pub(in crate::config) mod ssh_path;
pub(in crate::config) mod tree;
pub(in crate::config) mod value;
