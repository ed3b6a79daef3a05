//! Teleport's configuration, and the role of the bots.

use std::path::Path;

use serde_json::{Value, json};
use teleport_double::free_port;

/// The cluster's name.
pub(crate) const CLUSTER: &str = "example.test";

/// Where the services listen, on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) proxy: u16,
    pub(crate) auth: u16,
    pub(crate) node: u16,
    /// A PostgreSQL, of its own start.
    pub(crate) postgres: u16,
    /// A web application, likewise.
    pub(crate) web: u16,
}

impl Ports {
    /// Those that are free now; another process may take one before Teleport does.
    pub(crate) fn free() -> Self {
        let [proxy, auth, node, postgres, web] = [(); 5].map(|()| free_port());
        Self { proxy, auth, node, postgres, web }
    }
}

/// `teleport.yaml` (JSON is YAML, too).
pub(crate) fn teleport(directory: &Path, ports: Ports) -> Value {
    let file = |name: &str| directory.join(name);
    let listen = |port: u16| format!("127.0.0.1:{port}");
    json!({
        "version": "v3",
        "teleport": {
            "nodename": "node1",
            "data_dir": file("data"),
            "log": {"output": file("teleport.log"), "severity": "INFO"},
        },
        "auth_service": {
            "enabled": "yes",
            "cluster_name": CLUSTER,
            "listen_addr": listen(ports.auth),
            "proxy_listener_mode": "multiplex",
            "session_recording": "off",
            "authentication": {"type": "local", "second_factor": "otp"},
        },
        "ssh_service": {"enabled": "yes", "listen_addr": listen(ports.node), "labels": {"group": "api"}},
        "db_service": {
            "enabled": "yes",
            "databases": [{"name": "pg", "protocol": "postgres", "uri": format!("localhost:{}", ports.postgres)}],
        },
        "app_service": {
            "enabled": "yes",
            "apps": [{"name": "web", "uri": format!("http://{}", listen(ports.web))}],
        },
        "proxy_service": {
            "enabled": "yes",
            "web_listen_addr": listen(ports.proxy),
            "public_addr": format!("localhost:{}", ports.proxy),
            "https_keypairs": [{"key_file": file("web.key"), "cert_file": file("web.crt")}],
        },
    })
}

/// What the bots may do.
pub(crate) fn role() -> Value {
    json!({
        "kind": "role", "version": "v5", "metadata": {"name": "api-workers"},
        "spec": {"allow": {
            "logins": [e2e::users::login()], "node_labels": {"*": "*"},
            "db_labels": {"*": "*"}, "db_users": ["orders"], "db_names": ["orders"], "app_labels": {"*": "*"},
        }},
    })
}
