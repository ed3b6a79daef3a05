//! When and how the bot's identity is renewed.

pub mod schedule;
