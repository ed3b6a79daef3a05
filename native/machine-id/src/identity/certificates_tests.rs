//! Every recorded certificate, and what is no certificate.
