use crate::error::{Code as Stable, Fault, Retry};

use super::*;

/// `code=NotFound message="role nosuch is not found" trailer=…`
fn recorded(text: &str) -> (Code, String) {
    let (_, rest) = text.split_once("code=").unwrap();
    let (code, rest) = rest.split_once(" message=").unwrap();
    let (message, _) = rest.rsplit_once(" trailer=").unwrap();
    let code = match code {
        "NotFound" => Code::NotFound,
        "PermissionDenied" => Code::PermissionDenied,
        other => panic!("{other}"),
    };
    (code, serde_json::from_str(message).unwrap())
}

macro_rules! fixture {
    ($name:literal) => {
        recorded(include_str!(concat!("../../../../../tests/fixtures/teleport-15/grpc/", $name, ".error.txt")))
    };
}

#[test]
fn each_recorded_refusal_has_its_own_code() {
    let roles = ["nosuch".to_owned()];
    let call = Call { name: ISSUE, roles: &roles };
    let cases = [
        (fixture!("impersonate_badrole"), Stable::RoleNotAllowed, "nosuch"),
        (fixture!("impersonate_forbidden"), Stable::RoleNotAllowed, "nosuch"),
        (fixture!("noexp"), Stable::ClockSkew, "passed"),
        (fixture!("renew_stale_generation"), Stable::BotLocked, "stored=2, presented=1"),
        (fixture!("userother"), Stable::RoleNotAllowed, "impersonation is not allowed"),
        (fixture!("impersonate_locked"), Stable::ClusterFailed, "access denied"),
    ];
    for ((code, message), expected, fact) in cases {
        let error = answered(call, code, &message);
        assert_eq!(error.code(), expected, "{message}");
        assert!(error.to_string().contains(fact), "{error}");
        assert!(matches!(error, ConnectError::Refused(_)), "{message}");
    }
}

#[test]
fn a_forbidden_role_is_named_even_when_the_request_is_not_at_hand() {
    let (code, message) = fixture!("impersonate_forbidden");
    let ConnectError::Refused(Refusal::RoleNotAllowed { roles, .. }) = answered(Call::named("x"), code, &message)
    else {
        panic!("another error")
    };
    assert_eq!(roles, ["access"]);
}

#[test]
fn only_definite_answers_count_as_refusals() {
    let call = Call::named("the renewal");
    for (code, message) in [
        (Code::Unknown, "EOF"),
        (Code::Unknown, "something broke"),
        (Code::Internal, "bug"),
        (Code::Unavailable, "connection problem"),
        (Code::DeadlineExceeded, "too late"),
        (Code::Cancelled, "gone"),
    ] {
        assert!(!matches!(answered(call, code, message), ConnectError::Refused(_)), "{code:?}");
    }
    let conflict = answered(call, Code::FailedPrecondition, "Database comparison failed, try the request again");
    assert!(matches!(conflict, ConnectError::Refused(_)));
    assert_eq!(conflict.retry(), Retry::Later);
}

#[test]
fn unknown_targets_are_told_from_unknown_roles() {
    let call = Call { name: ISSUE, roles: &[] };
    let leaf = answered(call, Code::NotFound, "remote cluster \"x\" is not found");
    assert_eq!(leaf.code(), Stable::TargetUnknown);
    let kube = "Kubernetes cluster \"nope\" is not registered in this Teleport cluster; you can list …";
    assert_eq!(answered(call, Code::InvalidArgument, kube).code(), Stable::TargetUnknown);
}

#[test]
fn a_lock_is_quoted_whatever_its_status() {
    let error =
        answered(Call::named("x"), Code::PermissionDenied, "lock targeting User:\"bot-lk\" is in force: test lock");
    assert_eq!(error.code(), Stable::BotLocked);
    assert!(error.to_string().contains("test lock"));
}

#[test]
fn a_database_without_a_user_is_a_fault_of_the_output_not_of_its_name() {
    let call = Call { name: ISSUE, roles: &[] };
    let message = "must provide database user name to generate certificate for database \"mongo1\"";
    let error = answered(call, Code::InvalidArgument, message);
    assert_eq!((error.code(), matches!(error, ConnectError::Refused(_))), (Stable::RequestInvalid, true));
    assert!(error.hint().contains("username"));
}

#[test]
fn a_deleted_bot_is_told_from_a_target_that_is_not_there() {
    let call = Call { name: ISSUE, roles: &[] };
    let error = answered(call, Code::NotFound, "access denied\n\tuser \"bot-gone\" not found");
    assert_eq!((error.code(), matches!(error, ConnectError::Refused(_))), (Stable::BotLocked, true));
    assert!(error.hint().contains("tctl bots add"), "{}", error.hint());
    assert_eq!(answered(call, Code::NotFound, "remote cluster \"x\" is not found").code(), Stable::TargetUnknown);
}
