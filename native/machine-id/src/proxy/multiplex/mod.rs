//! Many SSH connections over one: whoever keeps an identity fresh serves a Unix socket in the destination's directory,
//! and ssh gets its connection from there (`ProxyUseFdpass`).
//!
//! The server side is [`Link`] (the connection to the proxy) and [`Serving`] (the socket); the client side, which is
//! made to start in a millisecond, is [`connect`] and [`hand_over`]. Between them goes what [`wire`] says; for clients of
//! tbot's there is a socket where they say it in their way ([`tbots`]), beside one of an ssh-agent ([`agent`]).
//!
//! Clients aren't trusted: [`crate::local`] and [`foreign`] see to it that nothing of theirs holds up a thread of the
//! runtime, [`limits`] that none takes what others need.

mod agent;
mod alarm;
mod client;
mod foreign;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod limits;
mod link;
mod server;
mod session;
mod tbots;
mod wire;

pub use agent::AgentKey;
pub use alarm::Alarm;
pub use client::{Answer, connect, connect_as_tbot, hand_over, takes_descriptors};
pub use link::Link;
pub use server::{Serving, Speech, Switch};
pub use wire::SOCKET;

#[cfg(test)]
mod tests;
