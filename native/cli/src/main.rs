//! The command `machine-id`.
fn main() {}
