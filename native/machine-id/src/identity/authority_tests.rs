//! CA lists of recorded replies.
