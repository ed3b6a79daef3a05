//! Who holds which destination until when.
