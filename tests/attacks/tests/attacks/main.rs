//! The attacks on the library and the command, in one program.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod a17_json;
mod a24_blocking;
