//! When and how the bot's identity is renewed.
