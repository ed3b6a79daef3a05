//! The cluster's own CA against a third party's service, here the double's web port in the role of GitHub's ID tokens.

use e2e::{Cluster, Machine};
use teleport_double::TokenOptions;

fn github(cluster: &Cluster) -> Machine {
    let token = cluster.token_with(TokenOptions {
        id_token: Some(("github".to_owned(), "an.id.token".to_owned())),
        ..TokenOptions::default()
    });
    let mut machine = Machine::new(cluster);
    machine.configure(cluster, &token, "");
    let config = machine.read("tbot.yaml").replace("join_method: token", "join_method: github");
    let ca = format!("onboarding:\n  ca_path: {}\n", cluster.web_ca_pem().display());
    machine.write_config(&config.replace("onboarding:\n", &ca));
    machine.set("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("https://{}/token?a=b", cluster.proxy_address()));
    machine.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "bearer-of-the-job");
    machine
}

#[test]
fn a23_the_clusters_ca_decides_nothing_about_another_service() {
    let cluster = Cluster::start();
    let mut machine = github(&cluster);
    machine.set("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
    machine.oneshot().refused(1, "tls_untrusted", &["web CA"]);
    // Not because the service can't be reached: by the system's roots it is.
    let machine = github(&cluster);
    machine.oneshot().refused(1, "join_proof_missing", &["GitHub's ID token service", "404"]);
}
