//! The attacks on the library and the command, in one program.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod a01_program;
mod a03_descriptors;
mod a04_memory;
mod a07_discard;
mod a08_pins;
mod a09_parents;
mod a11_removal;
mod a12_limits;
mod a13_certificates;
mod a17_json;
mod a21_leaf;
mod a23_third_party;
mod a24_blocking;
mod a27_adoption;
mod a28_tunnels;
mod a29_takeover;
mod a30_bridge;
mod a31_signing;
mod agent;
mod ssh_socket;
