//! The sockets of tbot's service `ssh-multiplexer`, by their names in its directory (protocol H5).

/// Where connections to hosts are had.
pub const TBOTS_SOCKET: &str = "v1.sock";
/// The ssh-agent's.
pub const AGENT_SOCKET: &str = "agent.sock";
