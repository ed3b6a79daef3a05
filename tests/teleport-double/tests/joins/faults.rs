//! Faults at each message of a stream, and what the server has committed by then.

use std::time::Duration;

use teleport_double::{BoundKeypairOptions, Double, Fault, Point, Times};
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::bound::token;
use crate::client::{At, double};
use crate::jws::{Bound, Key};

/// A client with a bound key whose rotation is due, so that each message is sent.
async fn client(double: &Double) -> Bound {
    let initial_public_key = Some(Key("ecdsa").line());
    let options = BoundKeypairOptions { initial_public_key, recovery_limit: 9, ..BoundKeypairOptions::default() };
    let mut client = Bound::new(&token(double, options), "ecdsa");
    client.join(double, At::Proxy, false).await.unwrap();
    let due = Some(std::time::SystemTime::now());
    double.edit_bound_keypair(&client.token, |options, _| options.rotate_after = due);
    client
}

const POINTS: [Point; 7] = [
    Point::JoinChallenge,
    Point::JoinSolution,
    Point::JoinRotation,
    Point::JoinNewKey,
    Point::JoinNewKeyChallenge,
    Point::JoinNewKeySolution,
    Point::JoinResult,
];

/// What the client sees of a join hit by a fault: nothing at all, or an end.
async fn hit(double: &Double, new: bool, point: Point, fault: Fault) -> (Bound, Option<Status>) {
    let mut client = client(double).await;
    double.faults().inject(point, fault, Times::Once);
    let joined = timeout(Duration::from_millis(400), client.join(double, At::Proxy, new)).await;
    (client, joined.ok().map(|joined| joined.err().unwrap()))
}

#[tokio::test]
async fn before_the_commit_nothing_has_changed_whatever_happens() {
    let double = double("18.2.0").await;
    for new in [false, true] {
        for point in POINTS.into_iter().chain(new.then_some(Point::JoinInit)).chain([Point::Join]) {
            for fault in [
                Fault::Refuse,
                Fault::Hang,
                Fault::Garbage,
                Fault::Http { status: 503, retry_after: None },
                Fault::Grpc { code: 14, message: "gone".to_owned() },
            ] {
                let (mut client, seen) = hit(&double, new, point, fault.clone()).await;
                let what = format!("{point:?} {fault:?} {seen:?}");
                assert_eq!(seen.is_none(), fault == Fault::Hang, "{what}");
                if let (Fault::Grpc { .. }, Some(status)) = (&fault, &seen) {
                    assert_eq!((status.code(), status.message()), (Code::Unavailable, "gone"), "{what}");
                }
                let stored = double.bound_keypair(&client.token).unwrap();
                assert_eq!((stored.recovery_count, stored.public_key), (1, client.key.line()), "{what}");
                client.join(&double, At::Proxy, new).await.unwrap_or_else(|refused| panic!("{what}: {refused}"));
                assert!(double.counters().seen(point) > 0);
            }
        }
    }
}

#[tokio::test]
async fn after_the_commit_a_lost_answer_leaves_the_client_with_an_old_state() {
    let double = double("18.2.0").await;
    for new in [false, true] {
        for point in [Point::Join, Point::JoinResult] {
            for fault in [Fault::DropReply, Fault::StallReply, Fault::Truncated] {
                let (mut client, seen) = hit(&double, new, point, fault.clone()).await;
                let what = format!("{point:?} {fault:?} {seen:?}");
                assert_eq!(seen.is_none(), fault == Fault::StallReply, "{what}");
                let stored = double.bound_keypair(&client.token).unwrap();
                assert_eq!((stored.recovery_count, stored.public_key), (2, client.next.line()), "{what}");
                let refused = client.join(&double, At::Proxy, new).await.unwrap_err();
                assert_eq!(refused.message(), "join state verification failed", "{what}");
            }
        }
    }
}
