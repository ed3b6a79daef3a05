//! teleport-double
