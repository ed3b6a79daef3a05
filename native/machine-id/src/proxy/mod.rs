//! SSH through the cluster.
