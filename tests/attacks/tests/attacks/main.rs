//! The attacks on the library and the command, in one program.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod a04_memory;
mod a08_pins;
mod a21_leaf;
mod a23_third_party;
