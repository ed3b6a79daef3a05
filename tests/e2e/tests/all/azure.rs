//! Joining by method `azure` (join-methods 3.3): both ways, and each refusal in its own words.

use e2e::azure::Surroundings;
use e2e::{Cluster, Machine};
use teleport_double::{AzureOptions, Fault, Point, Refusal, RefusalKind, Times, TokenOptions};

fn token(cluster: &Cluster, azure: AzureOptions) -> String {
    cluster.token_with(TokenOptions { azure: Some(azure), ..TokenOptions::default() })
}

fn configure(machine: &Machine, cluster: &Cluster, token: &str, settings: &str) {
    e2e::join::configure(machine, cluster, token, "azure", settings, "");
}

/// A cluster of `version` and a machine in Azure that may join it.
fn ready(version: &str) -> (Cluster, Machine, Surroundings) {
    let cluster = Cluster::with(|builder| builder.version(version));
    let machine = Machine::new(&cluster);
    let azure = Surroundings::new();
    configure(&machine, &cluster, &token(&cluster, azure.machine.clone()), "");
    (cluster, machine, azure)
}

/// Refused by the cluster, with its words and our advice.
#[track_caller]
fn refused(machine: &Machine, code: &str, facts: &[&str]) {
    machine.oneshot().refused(1, code, facts);
    machine.assert_nothing_left();
}

/// Refused before the stream to the cluster was opened.
#[track_caller]
fn unproved(cluster: &Cluster, machine: &Machine, facts: &[&str]) {
    machine.oneshot().refused(1, "join_proof_missing", facts);
    machine.assert_nothing_left();
    assert_eq!(cluster.counters().seen(Point::Join), 0, "a join was begun");
}

fn asked_for(asked: &std::sync::Mutex<Vec<String>>, part: &str) -> usize {
    asked.lock().unwrap().iter().filter(|path| path.contains(part)).count()
}

#[test]
fn by_the_stream_of_the_old_service() {
    let (_cluster, mut machine, azure) = ready("12.4.0");
    let asked = azure.serve(&mut machine);
    machine.oneshot().succeeded();
    assert!(machine.names("out").contains(&"key".to_owned()));
    assert_eq!(asked_for(&asked, "/certs/"), 0, "the server fetches them itself");
    // Each run proves itself anew; nothing of the identity is on disk.
    machine.oneshot().succeeded();
    assert_eq!((asked_for(&asked, "attested"), machine.path("bot/identity.json").exists()), (2, false));
}

#[test]
fn by_the_new_service_with_the_certificates_below_the_root() {
    let (cluster, mut machine, azure) = ready("19.0.0");
    let asked = azure.serve(&mut machine);
    machine.oneshot().succeeded();
    let order: Vec<String> =
        asked.lock().unwrap().iter().map(|path| path.split('?').next().unwrap().to_owned()).collect();
    assert_eq!(
        order,
        [
            "/metadata/versions",
            "/metadata/identity/oauth2/token",
            "/metadata/attested/document",
            "/certs/issuer.crt",
            "/certs/root.crt"
        ]
    );
    assert_eq!(cluster.gave_up(), []);
}

#[test]
fn an_auth_server_with_a_pin() {
    let (cluster, mut machine, azure) = ready("15.0.0");
    azure.serve(&mut machine);
    machine.configure_auth_server(&cluster);
    machine.configure_pin(&cluster.ca_pin());
    machine.oneshot().succeeded();
}

#[test]
fn one_of_several_identities_is_named() {
    let (cluster, mut machine, mut azure) = ready("15.0.0");
    let client_id = "00000000-1111-2222-3333-444444444444";
    azure.client_id = Some(client_id.to_owned());
    let token = token(&cluster, azure.machine.clone());
    azure.serve(&mut machine);
    unproved(
        &cluster,
        &machine,
        &[
            "join method azure has no proof: the Azure metadata service gives no access token: it answers with HTTP 400: \
             Multiple user assigned identities exist; give the virtual machine a managed identity; where it has several, \
             set the join method's client_id",
        ],
    );
    configure(&machine, &cluster, &token, &format!("  azure: {{client_id: {client_id}}}\n"));
    machine.oneshot().succeeded();
}

#[test]
fn a_machine_that_is_not_in_azure() {
    let (cluster, mut machine, _) = ready("15.0.0");
    machine.set("MACHINE_ID_AZURE_METADATA_URL", "http://127.0.0.1:1/metadata");
    unproved(
        &cluster,
        &machine,
        &[
            "join method azure has no proof: this machine has no Azure metadata service: ",
            "; this method works on virtual machines of Azure only; a firewall or a container's network may hide \
             169.254.169.254 [join_proof_missing]",
        ],
    );
}

#[test]
fn a_service_that_speaks_of_something_else() {
    let (cluster, mut machine, mut azure) = ready("15.0.0");
    azure.instead = Some(("/versions", 200, r#"{"apiVersions":["2018-10-01"]}"#));
    azure.serve(&mut machine);
    unproved(
        &cluster,
        &machine,
        &[
            "the Azure metadata service gives no version: it knows none from 2019-06-04 on; check from this machine that \
             the service works, or choose another join method",
        ],
    );
}

#[test]
fn a_machine_without_an_identity() {
    let (cluster, mut machine, mut azure) = ready("15.0.0");
    azure.instead = Some(("/oauth2/", 400, r#"{"error":"invalid_request","error_description":"Identity not found"}"#));
    azure.serve(&mut machine);
    unproved(
        &cluster,
        &machine,
        &[
            "gives no access token: it answers with HTTP 400: Identity not found; give the virtual machine a managed identity",
        ],
    );
}

#[test]
fn a_service_that_attests_nothing() {
    for version in ["15.0.0", "19.0.0"] {
        let (cluster, mut machine, mut azure) = ready(version);
        azure.instead = Some(("/attested/", 404, r#"{"error":"Not found"}"#));
        azure.serve(&mut machine);
        let sentence =
            "the Azure metadata service gives no attested document: it answers with HTTP 404: Not found; check";
        refused(&machine, "join_proof_missing", &[sentence]);
        // The new service's log says why nothing came.
        let told = cluster.gave_up();
        assert_eq!(told.len(), usize::from(version == "19.0.0"), "{told:?}");
        assert!(told.iter().all(|told| told.message.contains("attested document")), "{told:?}");
    }
}

#[test]
fn an_issuer_that_cannot_be_had() {
    for (part, status, sentence) in [
        (
            "/certs/issuer.crt",
            503,
            "issuer.crt is answered with HTTP 503; let this machine reach https://www.microsoft.com",
        ),
        ("/certs/issuer.crt", 200, "issuer.crt isn't a certificate: "),
    ] {
        let (_cluster, mut machine, mut azure) = ready("19.0.0");
        azure.instead = Some((part, status, "<html>"));
        azure.serve(&mut machine);
        let beginning = "the issuer of the Azure document's signature can't be had: ";
        refused(&machine, "join_proof_missing", &[beginning, sentence]);
    }
}

#[test]
fn a_machine_that_no_rule_allows() {
    for version in ["15.0.0", "19.0.0"] {
        let (cluster, mut machine, mut azure) = ready(version);
        azure.machine.allowed = false;
        let token = token(&cluster, azure.machine.clone());
        configure(&machine, &cluster, &token, "");
        let words = format!("instance {} did not match any allow rules in token {token}", azure.machine.vm_id);
        azure.serve(&mut machine);
        refused(
            &machine,
            "join_rejected",
            &[&format!(
                "the cluster refuses the join with method azure: {words}; the proof is genuine, but no allow rule"
            )],
        );
    }
}

#[test]
fn another_machine_than_the_token_of_its_identity_names() {
    let (_cluster, mut machine, mut azure) = ready("16.0.0");
    azure.machine.vm_id = "vm-2".to_owned();
    azure.serve(&mut machine);
    refused(&machine, "join_rejected", &["vm ID does not match; give this machine's managed identity"]);
}

#[test]
fn a_token_of_another_identity() {
    for version in ["16.0.0", "19.0.0"] {
        let (_cluster, mut machine, mut azure) = ready(version);
        azure.machine.access_token = "another.access.token".to_owned();
        azure.serve(&mut machine);
        refused(&machine, "join_rejected", &["failed to verify id token signature; "]);
    }
}

#[test]
fn certificates_of_another_issuer() {
    let (cluster, mut machine, mut azure) = ready("19.0.0");
    azure.machine.intermediate = Some(b"another".to_vec());
    let token = token(&cluster, azure.machine.clone());
    configure(&machine, &cluster, &token, "");
    azure.serve(&mut machine);
    refused(
        &machine,
        "join_rejected",
        &["x509: certificate signed by unknown authority; the auth server can't verify who signed the proof"],
    );
}

#[test]
fn a_document_that_the_server_cannot_read() {
    let (_cluster, mut machine, mut azure) = ready("16.0.0");
    azure.instead = Some(("/attested/", 200, r#"{"encoding":"pkcs7","signature":"AAAA"}"#));
    azure.serve(&mut machine);
    refused(&machine, "join_rejected", &["asn1: structure error: tags don't match; the auth server can't verify"]);
}

#[test]
fn a_document_for_another_challenge() {
    let (_cluster, mut machine, mut azure) = ready("16.0.0");
    let body = teleport_double::attested_document("another", &azure.machine.vm_id, &azure.machine.signer);
    azure.instead = Some(("/attested/", 200, body.leak()));
    azure.serve(&mut machine);
    refused(&machine, "join_rejected", &["challenge is missing or does not match; report this"]);
}

#[test]
fn a_token_of_another_method() {
    let (cluster, mut machine, azure) = ready("15.0.0");
    configure(&machine, &cluster, &cluster.token(), "");
    azure.serve(&mut machine);
    refused(
        &machine,
        "join_rejected",
        &["this token does not support the Azure join method; configure the join method that the token resource"],
    );
}

#[test]
fn a_cluster_that_is_too_old() {
    let (_cluster, mut machine, azure) = ready("11.3.0");
    azure.serve(&mut machine);
    let words =
        "the cluster doesn't know the join: unknown method RegisterUsingAzureMethod for service proto.JoinService; ";
    machine.oneshot().refused(2, "unsupported", &[words]);
    machine.assert_nothing_left();
}

#[test]
fn a_machine_that_the_management_api_does_not_know() {
    let (cluster, mut machine, azure) = ready("16.0.0");
    let refusal = Some(Refusal::new(RefusalKind::Denied, "no VM found with matching VM ID"));
    let options = TokenOptions { azure: Some(azure.machine.clone()), refusal, ..TokenOptions::default() };
    configure(&machine, &cluster, &cluster.token_with(options), "");
    azure.serve(&mut machine);
    refused(&machine, "join_rejected", &["no VM found with matching VM ID; give this machine's managed identity"]);
}

/// That it isn't shown is looked at whenever a program ends.
#[test]
fn a_server_that_repeats_the_access_token() {
    for version in ["16.0.0", "19.0.0"] {
        let (cluster, mut machine, azure) = ready(version);
        let refusal = Refusal::new(RefusalKind::Denied, format!("no user for {}", azure.machine.access_token));
        let options =
            TokenOptions { azure: Some(azure.machine.clone()), refusal: Some(refusal), ..TokenOptions::default() };
        configure(&machine, &cluster, &cluster.token_with(options), "");
        azure.serve(&mut machine);
        refused(&machine, "join_rejected", &["no user for …"]);
    }
}

#[test]
fn a_stream_that_breaks_at_each_message_loses_nothing() {
    for version in ["15.0.0", "19.0.0"] {
        for point in [Point::JoinChallenge, Point::JoinSolution, Point::JoinResult] {
            let (cluster, mut machine, azure) = ready(version);
            cluster.faults().inject(point, Fault::Refuse, Times::Once);
            azure.serve(&mut machine);
            let first = machine.oneshot();
            assert!(cluster.counters().seen(point) > 0, "{version} never came to {point:?}");
            if first.status != Some(0) {
                first.refused(1, "cluster_unreachable", &[]);
                machine.assert_nothing_left();
                machine.oneshot().succeeded();
            }
        }
    }
}
