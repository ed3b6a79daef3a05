//! Role certificates: requests, cache, single flight.
