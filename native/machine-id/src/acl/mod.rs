//! POSIX access control lists: what is wanted, what is there, setting it.
