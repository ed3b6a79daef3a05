//! The bot's own keys, certificates and CAs, and the file they are kept in.
