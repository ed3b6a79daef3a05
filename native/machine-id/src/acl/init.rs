//! What `machine-id init` does.
