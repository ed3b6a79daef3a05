//! One HTTP/2 connection, its calls and their answers.

pub(super) mod connection;
pub(super) mod frames;
pub(super) mod status;
