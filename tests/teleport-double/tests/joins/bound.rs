//! Method `bound_keypair`: what works (join-methods 3.7).

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use teleport_double::{BoundKeypairOptions, Double, RecoveryMode, TokenOptions};

use crate::client::{At, double, extension};
use crate::jws::{Bound, Key};

pub(crate) fn token(double: &Double, options: BoundKeypairOptions) -> String {
    double.new_token_with("api", TokenOptions { bound_keypair: Some(options), ..TokenOptions::default() })
}

/// The versions and ways that there are.
const WAYS: [(&str, bool); 3] = [("17.7.0", false), ("18.1.0", false), ("18.2.0", true)];

fn claims(state: &[u8]) -> serde_json::Value {
    let text = std::str::from_utf8(state).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_secret_binds_a_new_key_which_renews_and_recovers() {
    for (version, new) in WAYS {
        let double = double(version).await;
        let token = token(&double, BoundKeypairOptions { recovery_limit: 2, ..BoundKeypairOptions::default() });
        let stored = double.bound_keypair(&token).unwrap();
        assert_eq!((stored.registration_secret.len(), stored.recovery_count), (32, 0));
        let mut client = Bound { secret: stored.registration_secret, ..Bound::new(&token, "ecdsa") };
        let first = client.join(&double, At::Proxy, new).await.unwrap();
        assert_eq!(client.asked, ["rotation", "challenge"], "{version}");
        let stored = double.bound_keypair(&token).unwrap();
        assert_eq!((stored.registration_secret.as_str(), stored.recovery_count), ("", 1));
        assert_eq!(stored.public_key, Key("ed25519").line());
        assert_eq!(extension(&first, "renewable"), None);
        assert_eq!(extension(&first, "generation").as_deref(), Some("1"));
        let says = claims(&client.state);
        assert_eq!((&says["recovery_sequence"], &says["recovery_limit"]), (&1.into(), &2.into()));
        assert_eq!((&says["recovery_mode"], &says["sub"]), (&"standard".into(), &"api".into()));
        assert_eq!(says["bot_instance_id"], stored.bot_instance.as_str());

        // A rejoin over mTLS spends nothing and keeps the instance.
        let second = client.join(&double, At::Rejoin(&first), new).await.unwrap();
        assert_eq!(client.asked, ["challenge"]);
        let after = double.bound_keypair(&token).unwrap();
        assert_eq!((after.recovery_count, &after.bot_instance), (1, &stored.bot_instance));
        assert_eq!(double.bot_instances("api").get(&after.bot_instance), Some(&2));
        assert_eq!(extension(&second, "generation").as_deref(), Some("2"));

        // Without a certificate it is a recovery.
        client.join(&double, At::Proxy, new).await.unwrap();
        let recovered = double.bound_keypair(&token).unwrap();
        assert_eq!(recovered.recovery_count, 2);
        assert_ne!(recovered.bot_instance, after.bot_instance);
        assert_eq!(claims(&client.state)["recovery_sequence"], 2);
        let refused = client.join(&double, At::Proxy, new).await.unwrap_err();
        assert_eq!(refused.message(), "no rejoins remaining");
    }
}

#[tokio::test]
async fn a_key_known_before_joins_with_each_algorithm() {
    let double = double("18.2.0").await;
    for key in ["rsa", "ecdsa", "ed25519"] {
        for new in [false, true] {
            let initial_public_key = Some(Key(key).line());
            let token = token(&double, BoundKeypairOptions { initial_public_key, ..BoundKeypairOptions::default() });
            let mut client = Bound::new(&token, key);
            client.join(&double, At::Auth, new).await.unwrap();
            assert_eq!(client.asked, ["challenge"]);
            assert_eq!(double.bound_keypair(&token).unwrap().public_key, Key(key).line());
        }
    }
}

#[tokio::test]
async fn a_rotation_that_is_due_replaces_the_key_once() {
    for (version, new) in WAYS {
        let double = double(version).await;
        let initial_public_key = Some(Key("ecdsa").line());
        let token = token(&double, BoundKeypairOptions { initial_public_key, ..BoundKeypairOptions::default() });
        let mut client = Bound::new(&token, "ecdsa");
        let first = client.join(&double, At::Proxy, new).await.unwrap();
        double.edit_bound_keypair(&token, |options, _| options.rotate_after = Some(SystemTime::now()));
        let held = client.join(&double, At::Rejoin(&first), new).await.unwrap();
        assert_eq!(client.asked, ["challenge", "rotation", "challenge"]);
        let stored = double.bound_keypair(&token).unwrap();
        assert_eq!((stored.public_key.clone(), client.key.clone()), (Key("ed25519").line(), Key("ed25519")));
        assert!(stored.rotated_at.is_some());
        client.join(&double, At::Rejoin(&held), new).await.unwrap();
        assert_eq!(client.asked, ["challenge"]);
    }
}

#[tokio::test]
async fn the_mode_says_what_a_recovery_needs() {
    let double = double("18.2.0").await;
    for (mode, needs_state) in [(RecoveryMode::Relaxed, true), (RecoveryMode::Insecure, false)] {
        let options = BoundKeypairOptions {
            initial_public_key: Some(Key("ecdsa").line()),
            recovery_mode: mode,
            ..BoundKeypairOptions::default()
        };
        let token = token(&double, options);
        let mut client = Bound::new(&token, "ecdsa");
        for _ in 0..3 {
            client.join(&double, At::Proxy, true).await.unwrap();
        }
        client.state.clear();
        assert_eq!(client.join(&double, At::Proxy, true).await.is_err(), needs_state);
    }
}
