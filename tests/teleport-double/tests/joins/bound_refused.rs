//! Method `bound_keypair`: each refusal with its text, and what it leaves behind (join-methods 3.7).

use std::time::SystemTime;

use teleport_double::{BoundKeypairOptions, Double, RecoveryMode, Refusal, RefusalKind, TokenOptions};
use tonic::Code;

use crate::bound::token;
use crate::client::{At, double};
use crate::jws::{Bound, Key};

fn preset(double: &Double) -> Bound {
    let initial_public_key = Some(Key("ecdsa").line());
    let options = BoundKeypairOptions { initial_public_key, recovery_limit: 5, ..BoundKeypairOptions::default() };
    Bound::new(&token(double, options), "ecdsa")
}

/// Both ways say the same.
const WAYS: [bool; 2] = [false, true];

#[tokio::test]
async fn the_secret_must_be_right_and_in_time() {
    let double = double("18.2.0").await;
    for new in WAYS {
        let registration_secret = Some("right".to_owned());
        let late = BoundKeypairOptions {
            registration_secret: registration_secret.clone(),
            must_register_before: Some(SystemTime::UNIX_EPOCH),
            ..BoundKeypairOptions::default()
        };
        let usual = BoundKeypairOptions { registration_secret, ..BoundKeypairOptions::default() };
        let cases = [(usual.clone(), ""), (usual, "wrong"), (late, "right")];
        for (options, secret) in cases {
            let mut client = Bound::new(&token(&double, options), "ecdsa");
            client.secret = secret.to_owned();
            let refused = client.join(&double, At::Proxy, new).await.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied);
            assert_eq!(refused.message(), "a valid registration secret is required");
            assert!(client.asked.is_empty());
        }
    }
}

#[tokio::test]
async fn a_wrong_state_locks_the_token_until_the_lock_is_lifted_and_a_missing_one_does_not() {
    for new in WAYS {
        let double = double("18.2.0").await;
        let mut client = preset(&double);
        client.join(&double, At::Proxy, new).await.unwrap();
        let stale = client.state.clone();
        client.join(&double, At::Proxy, new).await.unwrap();
        let current = std::mem::take(&mut client.state);
        let refused = client.join(&double, At::Proxy, new).await.unwrap_err();
        assert_eq!(refused.message(), "previous join state is required but was not provided");
        assert!(!double.token_locked(&client.token));
        for state in [stale, b"no.join.state".to_vec()] {
            client.state = state;
            let refused = client.join(&double, At::Proxy, new).await.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied);
            assert_eq!(refused.message(), "join state verification failed");
            assert!(double.token_locked(&client.token));
            client.state = current.clone();
            let refused = client.join(&double, At::Proxy, new).await.unwrap_err();
            let lock = format!("lock targeting JoinToken:{:?} is in force", client.token);
            assert!(refused.message().starts_with(&lock), "{refused}");
            double.unlock_all();
        }
        assert_eq!(double.counters().locks, 2);
        client.join(&double, At::Proxy, new).await.unwrap();
    }
}

#[tokio::test]
async fn a_challenge_signed_by_another_key_is_not_completed() {
    let double = double("18.2.0").await;
    for new in WAYS {
        let mut client = Bound { key: Key("rsa"), ..preset(&double) };
        let refused = client.join(&double, At::Proxy, new).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::PermissionDenied, "failed to complete challenge"));
    }
}

#[tokio::test]
async fn no_first_join_with_a_certificate_and_none_beyond_the_limit() {
    let double = double("18.2.0").await;
    let mut other = preset(&double);
    let held = other.join(&double, At::Proxy, true).await.unwrap();
    for new in WAYS {
        let refused = preset(&double).join(&double, At::Rejoin(&held), new).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(refused.message(), "cannot perform first bound keypair join with existing credentials");
        let mut client = preset(&double);
        double.edit_bound_keypair(&client.token, |options, _| options.recovery_limit = 0);
        let refused = client.join(&double, At::Proxy, new).await.unwrap_err();
        assert_eq!(refused.message(), "no recovery attempts remaining");
    }
}

#[tokio::test]
async fn a_new_key_must_be_new_and_an_instance_the_stored_one() {
    for new in WAYS {
        let double = double("18.2.0").await;
        let mut client = preset(&double);
        let first = client.join(&double, At::Proxy, new).await.unwrap();
        client.next = Key("ecdsa");
        double.edit_bound_keypair(&client.token, |options, _| options.rotate_after = Some(SystemTime::now()));
        let refused = client.join(&double, At::Rejoin(&first), new).await.unwrap_err();
        assert_eq!(refused.message(), "public key may not be reused after rotation");
        double.edit_bound_keypair(&client.token, |options, _| options.rotate_after = None);
        // A recovery makes a new instance; the old certificate is then another's.
        client.join(&double, At::Proxy, new).await.unwrap();
        let refused = client.join(&double, At::Rejoin(&first), new).await.unwrap_err();
        assert_eq!(refused.message(), "bot instance mismatch");
    }
}

#[tokio::test]
async fn an_older_generation_locks_the_token() {
    for new in WAYS {
        let double = double("18.2.0").await;
        let mut client = preset(&double);
        let first = client.join(&double, At::Proxy, new).await.unwrap();
        client.join(&double, At::Rejoin(&first), new).await.unwrap();
        let refused = client.join(&double, At::Rejoin(&first), new).await.unwrap_err();
        assert!(refused.message().starts_with("cert generation mismatch for bot api/"), "{refused}");
        assert!(refused.message().ends_with(": stored=2, presented=1"), "{refused}");
        assert!(double.token_locked(&client.token));
    }
}

#[tokio::test]
async fn other_tokens_and_planned_refusals() {
    let double = double("18.2.0").await;
    let other = double.new_token("api");
    let refused = Bound::new(&other, "ecdsa").join(&double, At::Proxy, false).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.message(), "specified join token is not for `bound_keypair` method");
    let text = "bad backend state, please recreate the join token";
    for new in WAYS {
        let options = TokenOptions {
            bound_keypair: Some(BoundKeypairOptions::default()),
            refusal: Some(Refusal::new(RefusalKind::Plain, text)),
            ..TokenOptions::default()
        };
        let token = double.new_token_with("api", options);
        let refused = Bound::new(&token, "ecdsa").join(&double, At::Proxy, new).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::Unknown, text));
    }
}

#[tokio::test]
async fn of_two_joins_at_once_one_is_committed() {
    let double = double("18.2.0").await;
    let mut client = preset(&double);
    double.edit_bound_keypair(&client.token, |options, _| options.recovery_mode = RecoveryMode::Insecure);
    client.join(&double, At::Proxy, true).await.unwrap();
    let slow = teleport_double::Fault::Delay(std::time::Duration::from_millis(300));
    double.faults().inject(teleport_double::Point::JoinResult, slow, teleport_double::Times::Count(2));
    let mut other = client.clone();
    let (one, two) = tokio::join!(client.join(&double, At::Proxy, true), other.join(&double, At::Proxy, true));
    let refused = [one.err(), two.err()].into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].message(), "committing updated token state, please try again");
}
