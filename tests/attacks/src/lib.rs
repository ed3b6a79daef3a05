//! The attacks are in `tests/attacks`, one module for each kind; `tests/attacks/run` prints the table.
//!
//! Every test's name begins with the row of `rows.tsv` that it belongs to (`a03_…`), here as in Java and in
//! `tests/jenkins`.
