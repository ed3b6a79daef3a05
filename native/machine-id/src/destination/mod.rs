//! Writing into a guarded directory: no links, right owner and modes, atomic.
