//! The attacks on the library and the command, in one program.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod a01_program;
mod a07_discard;
mod a09_parents;
mod a11_removal;
mod a17_json;
mod agent;
