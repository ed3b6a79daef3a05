//! When and how the bot's identity is renewed.

mod request;
pub(crate) mod schedule;

pub(crate) use request::RenewError;
pub(crate) use request::prepare;
