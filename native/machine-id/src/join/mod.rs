//! Joining a cluster as a bot: one file per join method.
