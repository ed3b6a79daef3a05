//! What is measured.

pub(crate) mod cache;
pub(crate) mod commands;
pub(crate) mod floor;
pub(crate) mod jenkins;
pub(crate) mod jvm;
pub(crate) mod kubectl;
pub(crate) mod library;
pub(crate) mod service;
pub(crate) mod sizes;
pub(crate) mod ssh;
pub(crate) mod stage;
pub(crate) mod tunnel;
