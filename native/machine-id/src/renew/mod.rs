//! When and how the bot's identity is renewed.

mod request;
pub mod schedule;

pub use request::{Prepared, RenewError, Renewed, prepare};
