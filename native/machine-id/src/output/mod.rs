//! Certificates to files, byte for byte as tbot writes them. Pure.
