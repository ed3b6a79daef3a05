//! A host as the proxy is asked for it.

/// A host as the proxy is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshTarget {
    /// `host:port`; port 0: whichever the node listens on.
    pub host_port: String,
    /// The cluster the host is in; mandatory.
    pub cluster: String,
}

impl SshTarget {
    /// As users write it: host, cluster, and the port where one was asked for.
    pub(in crate::connect) fn shown(&self) -> String {
        match self.host_port.rsplit_once(':') {
            Some((host, "0")) => format!("{host}.{}", self.cluster),
            Some((host, port)) => format!("{host}.{}:{port}", self.cluster),
            None => self.host_port.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_shown_as_users_write_it() {
        let shown =
            |host_port: &str| SshTarget { host_port: host_port.to_owned(), cluster: "example.test".to_owned() }.shown();
        assert_eq!(shown("node1:0"), "node1.example.test");
        assert_eq!(shown("node1:2222"), "node1.example.test:2222");
        assert_eq!(shown("[2001:db8::1]:0"), "[2001:db8::1].example.test");
    }
}
