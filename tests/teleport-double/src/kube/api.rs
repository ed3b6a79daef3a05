//! The documents of the API.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::ca::identity::Identity;

const PODS: [(&str, &str); 2] = [("api-7c9d", "default"), ("worker-0", "default")];

/// The answer to a request; `None` where there is nothing. With `table` lists come as tables.
pub(crate) fn answer(identity: &Identity, method: &str, path: &str, table: bool) -> Option<Value> {
    let path = path.trim_end_matches('/');
    if method == "POST" {
        return (path == "/apis/authentication.k8s.io/v1/selfsubjectreviews").then(|| review(identity));
    }
    Some(match path {
        "/version" => json!({
            "major": "1", "minor": "29", "gitVersion": "v1.29.0", "gitCommit": "0", "gitTreeState": "clean",
            "buildDate": "2024-01-01T00:00:00Z", "goVersion": "go1.21", "compiler": "gc", "platform": "linux/amd64",
        }),
        "/api" => json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443" }],
        }),
        "/apis" => json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [{
            "name": "authentication.k8s.io",
            "versions": [{ "groupVersion": "authentication.k8s.io/v1", "version": "v1" }],
            "preferredVersion": { "groupVersion": "authentication.k8s.io/v1", "version": "v1" },
        }] }),
        "/apis/authentication.k8s.io/v1" => json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "authentication.k8s.io/v1",
            "resources": [{ "name": "selfsubjectreviews", "singularName": "selfsubjectreview", "namespaced": false,
                "kind": "SelfSubjectReview", "verbs": ["create"] }],
        }),
        "/api/v1" => json!({ "kind": "APIResourceList", "groupVersion": "v1", "resources": [
            { "name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod",
              "verbs": ["get", "list"], "shortNames": ["po"] },
            { "name": "secrets", "singularName": "secret", "namespaced": true, "kind": "Secret", "verbs": ["list"] },
            { "name": "namespaces", "singularName": "namespace", "namespaced": false, "kind": "Namespace",
              "verbs": ["get", "list"], "shortNames": ["ns"] },
        ] }),
        "/api/v1/namespaces" => namespaces(identity, table),
        "/api/v1/namespaces/default" => namespace(identity),
        "/api/v1/pods" | "/api/v1/namespaces/default/pods" => pods(table),
        "/api/v1/namespaces/default/secrets" => json!({ "kind": "SecretList", "apiVersion": "v1",
            "metadata": { "resourceVersion": "1" }, "items": [] }),
        "/openapi/v2" => json!({
            "swagger": "2.0", "info": { "title": "Kubernetes", "version": "v1.29.0" }, "paths": {}, "definitions": {},
        }),
        "/openapi/v3" => json!({ "paths": {} }),
        _ => return None,
    })
}

/// Who the API takes the caller for: the Teleport user in the groups of its roles.
fn review(identity: &Identity) -> Value {
    let user = identity.kube_users.first().unwrap_or(&identity.user);
    let mut groups = identity.kube_groups.clone();
    groups.push("system:authenticated".to_owned());
    json!({
        "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": { "creationTimestamp": null },
        "status": { "userInfo": { "username": user, "groups": groups } },
    })
}

fn pod((name, namespace): (&str, &str)) -> Value {
    json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": { "name": name, "namespace": namespace, "uid": name, "creationTimestamp": "2024-01-01T00:00:00Z" },
        "spec": { "containers": [{ "name": "main", "image": "example.test/api:1" }] },
        "status": { "phase": "Running", "containerStatuses": [
            { "name": "main", "ready": true, "restartCount": 0, "image": "example.test/api:1", "imageID": "",
              "state": { "running": { "startedAt": "2024-01-01T00:00:00Z" } } },
        ] },
    })
}

fn pods(table: bool) -> Value {
    if !table {
        return json!({ "kind": "PodList", "apiVersion": "v1", "metadata": { "resourceVersion": "1" },
            "items": PODS.map(pod) });
    }
    let columns =
        [("Name", "string"), ("Ready", "string"), ("Status", "string"), ("Restarts", "string"), ("Age", "string")];
    let rows = PODS.map(|item| (json!([item.0, "1/1", "Running", "0", "1d"]), pod(item)));
    as_table(&columns, &rows)
}

fn namespace(identity: &Identity) -> Value {
    json!({
        "kind": "Namespace", "apiVersion": "v1",
        "metadata": { "name": "default", "uid": "default", "creationTimestamp": "2024-01-01T00:00:00Z",
            "annotations": { "teleport-double/cluster": identity.kube_cluster,
                "teleport-double/expires": until(identity) } },
        "status": { "phase": "Active" },
    })
}

/// End of the caller's certificate in seconds: tells one certificate from the next.
fn until(identity: &Identity) -> String {
    let expires = identity.expires.and_then(|expires| expires.duration_since(SystemTime::UNIX_EPOCH).ok());
    expires.unwrap_or_default().as_secs().to_string()
}

fn namespaces(identity: &Identity, table: bool) -> Value {
    if !table {
        return json!({ "kind": "NamespaceList", "apiVersion": "v1", "metadata": { "resourceVersion": "1" },
            "items": [namespace(identity)] });
    }
    let columns = [("Name", "string"), ("Status", "string"), ("Age", "string")];
    as_table(&columns, &[(json!(["default", "Active", "1d"]), namespace(identity))])
}

fn as_table(columns: &[(&str, &str)], rows: &[(Value, Value)]) -> Value {
    let columns: Vec<Value> = columns
        .iter()
        .map(|(name, kind)| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({ "name": name, "type": kind, "format": format, "description": "", "priority": 0 })
        })
        .collect();
    let rows: Vec<Value> = rows
        .iter()
        .map(|(cells, object)| {
            let partial = json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"] });
            json!({ "cells": cells, "object": partial })
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": { "resourceVersion": "1" },
        "columnDefinitions": columns, "rows": rows,
    })
}
