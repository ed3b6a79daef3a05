//! `find` and `ping` (protocol section A). Key order as recorded.

use std::net::SocketAddr;

use crate::control::Core;

/// The cheap form: the auth block is empty.
pub(crate) fn find(core: &Core) -> String {
    let auth = r#"{"type":"","private_key_policy":"","piv_slot":"","device_trust":{},"has_motd":false,"default_session_ttl":"0s"SUITE}"#;
    document(core, &auth.replace("SUITE", &suite(core)))
}

/// With auth settings.
pub(crate) fn ping(core: &Core) -> String {
    let auth = concat!(
        r#"{"type":"local","second_factor":"off","local":{"name":""},"private_key_policy":"none","piv_slot":"","#,
        r#""device_trust_disabled":true,"device_trust":{"disabled":true},"has_motd":false,"#,
        r#""default_session_ttl":"12h0m0s"SUITE}"#
    );
    document(core, &auth.replace("SUITE", &suite(core)))
}

/// What configures the web interface; up to version 10 the only place that names the cluster.
pub(crate) fn config_script(core: &Core) -> String {
    let cluster = serde_json::Value::from(core.settings.cluster.as_str());
    format!("var GRV_CONFIG = {{\"canJoinSessions\":true,\"proxyCluster\":{cluster}}};")
}

/// The form of the value was not seen; the name is the documented one of a new cluster.
fn suite(core: &Core) -> String {
    let suite = core.settings.suite();
    if core.settings.major() >= 17 { format!(",\"signature_algorithm_suite\":\"{suite}\"") } else { String::new() }
}

fn document(core: &Core, auth: &str) -> String {
    let listen = core.proxy.get().map(SocketAddr::to_string).unwrap_or_default();
    let public = core.public_address();
    let cluster = if core.settings.major() <= 10 { "" } else { core.settings.cluster.as_str() };
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let (listen, public) = (text(&listen), text(&public));
    format!(
        concat!(
            r#"{{"auth":{auth},"proxy":{{"kube":{{"enabled":true,"listen_addr":{listen}}},"#,
            r#""ssh":{{"listen_addr":{listen},"tunnel_listen_addr":{listen},"web_listen_addr":{listen},"public_addr":{public}}},"#,
            r#""db":{{"postgres_listen_addr":{listen},"mysql_listen_addr":{listen}}},"#,
            r#""tls_routing_enabled":{routing},"assist_enabled":false,"access_graph_enabled":false}},"#,
            r#""server_version":{version},"min_client_version":{minimum}{cluster},"automatic_upgrades":false}}"#,
        ),
        auth = auth,
        routing = core.settings.tls_routing,
        listen = listen,
        public = public,
        version = text(&core.settings.version),
        minimum = text(&core.settings.min_client_version()),
        // Not told up to version 10.
        cluster = if cluster.is_empty() { String::new() } else { format!(",\"cluster_name\":{}", text(cluster)) },
    )
}
