//! One issuance at a time, however it ends.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

use super::*;
use crate::clock::FixedClock;
use crate::identity::fixtures;

type Cache = IssueCache<&'static str>;

fn cache() -> (Arc<FixedClock>, Arc<Cache>) {
    let clock = Arc::new(FixedClock::at(fixtures::now()));
    (Arc::clone(&clock), Arc::new(Cache::new(clock)))
}

fn key(roles: &[&str]) -> CacheKey {
    let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
    CacheKey::new("api", &roles, Duration::from_secs(1800), Target::None, None, Scope::Agent)
}

fn certificate(lifetime: Duration) -> RoleCertificate {
    let (key, certificates) = fixtures::tbot_directory("identity");
    let mut made =
        RoleCertificate::new(key, certificates, Target::None, "example.test".to_owned(), fixtures::now()).unwrap();
    made.expires_at = fixtures::now() + lifetime;
    made
}

const HOUR: Duration = Duration::from_secs(3600);

async fn never() -> Result<RoleCertificate, &'static str> {
    panic!("issued though there is one")
}

#[tokio::test]
async fn many_requests_at_once_cause_one_issuance() {
    let (_clock, cache) = cache();
    let issued = Arc::new(AtomicUsize::new(0));
    let (go, gate) = oneshot::channel::<()>();
    let gate = Arc::new(tokio::sync::Mutex::new(Some(gate)));
    let waiting = (0..100).map(|_| {
        let (cache, issued, gate) = (Arc::clone(&cache), Arc::clone(&issued), Arc::clone(&gate));
        tokio::spawn(async move {
            let issue = || async move {
                issued.fetch_add(1, Ordering::SeqCst);
                let gate = gate.lock().await.take().unwrap();
                gate.await.unwrap();
                Ok(certificate(HOUR))
            };
            cache.get(key(&["a"]), 0.0, Duration::MAX, issue).await.unwrap()
        })
    });
    let waiting: Vec<_> = waiting.collect();
    while issued.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    go.send(()).unwrap();
    let mut seen = Vec::new();
    for task in waiting {
        seen.push(task.await.unwrap());
    }
    assert_eq!(issued.load(Ordering::SeqCst), 1);
    assert!(seen.iter().all(|certificate| Arc::ptr_eq(certificate, &seen[0])));
    assert_eq!(cache.len(), 1);
}

#[tokio::test]
async fn a_cancelled_leader_hands_over_to_who_waits() {
    let (_clock, cache) = cache();
    let (go, gate) = oneshot::channel::<()>();
    let issue = move || async move {
        gate.await.unwrap();
        Ok(certificate(HOUR))
    };
    let mut leader = Box::pin(cache.get(key(&["a"]), 0.0, Duration::MAX, issue));
    let mut context = Context::from_waker(Waker::noop());
    assert!(leader.as_mut().poll(&mut context).is_pending());
    let follower = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.get(key(&["a"]), 0.0, Duration::MAX, never).await }
    });
    tokio::task::yield_now().await;
    drop(leader);
    go.send(()).unwrap();
    follower.await.unwrap().unwrap();
}

#[tokio::test]
async fn when_nobody_waits_any_more_the_issuance_is_dropped_and_the_next_starts_anew() {
    let (_clock, cache) = cache();
    let (alive, dropped) = oneshot::channel::<()>();
    let issue = move || async move {
        let _alive = alive;
        std::future::pending::<()>().await;
        Ok(certificate(HOUR))
    };
    {
        let mut only = pin!(cache.get(key(&["a"]), 0.0, Duration::MAX, issue));
        assert!(only.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert!(dropped.await.is_err());
    cache.get(key(&["a"]), 0.0, Duration::MAX, || async { Ok(certificate(HOUR)) }).await.unwrap();
}

#[tokio::test]
async fn an_error_goes_to_all_who_wait_and_is_not_kept() {
    let (_clock, cache) = cache();
    let (go, gate) = oneshot::channel::<()>();
    let issue = move || async move {
        gate.await.unwrap();
        Err("refused")
    };
    let mut first = Box::pin(cache.get(key(&["a"]), 0.0, Duration::MAX, issue));
    let mut second = Box::pin(cache.get(key(&["a"]), 0.0, Duration::MAX, never));
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending() && second.as_mut().poll(&mut context).is_pending());
    go.send(()).unwrap();
    assert!(matches!(first.as_mut().poll(&mut context), Poll::Ready(Err("refused"))));
    assert!(matches!(second.as_mut().poll(&mut context), Poll::Ready(Err("refused"))));
    assert!(cache.is_empty());
    cache.get(key(&["a"]), 0.0, Duration::MAX, || async { Ok(certificate(HOUR)) }).await.unwrap();
}

#[tokio::test]
async fn a_certificate_is_served_while_enough_of_its_life_remains() {
    let (clock, cache) = cache();
    let first = cache.get(key(&["b", "a", "a"]), 0.5, Duration::MAX, || async { Ok(certificate(HOUR)) }).await.unwrap();
    clock.advance(HOUR / 2);
    let again = cache.get(key(&["a", "b"]), 0.5, Duration::MAX, never).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    clock.advance(Duration::from_secs(1));
    assert!(cache.still_valid(&key(&["a", "b"])).is_some());
    let fresh = cache.get(key(&["a", "b"]), 0.5, Duration::MAX, || async { Ok(certificate(2 * HOUR)) }).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &fresh));
    let other = cache.get(key(&["a"]), 0.5, Duration::MAX, || async { Ok(certificate(2 * HOUR)) }).await.unwrap();
    assert!(!Arc::ptr_eq(&other, &fresh));
    clock.advance(2 * HOUR);
    assert!(cache.still_valid(&key(&["a"])).is_none());
    cache.get(key(&["c"]), 0.5, Duration::MAX, || async { Ok(certificate(9 * HOUR)) }).await.unwrap();
    assert_eq!(cache.len(), 1, "what has expired is dropped");
}

#[tokio::test]
async fn a_fixed_interval_is_kept_however_long_certificates_live() {
    let (clock, cache) = cache();
    let minute = Duration::from_secs(60);
    let first = cache.get(key(&["a"]), 0.5, minute, || async { Ok(certificate(HOUR)) }).await.unwrap();
    clock.advance(minute);
    let again = cache.get(key(&["a"]), 0.5, minute, never).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    clock.advance(Duration::from_secs(1));
    let second = cache.get(key(&["a"]), 0.5, minute, || async { Ok(certificate(HOUR)) }).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn a_clock_set_back_does_not_keep_old_certificates_fresh() {
    let (clock, cache) = cache();
    let first = cache.get(key(&["a"]), 0.5, Duration::MAX, || async { Ok(certificate(HOUR)) }).await.unwrap();
    clock.set_wall(fixtures::now() - 2 * HOUR);
    let second = cache.get(key(&["a"]), 0.5, Duration::MAX, || async { Ok(certificate(HOUR)) }).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn what_is_forgotten_during_an_issuance_is_given_out_but_not_kept() {
    let (_clock, cache) = cache();
    let (go, gate) = oneshot::channel::<()>();
    let issue = move || async move {
        gate.await.unwrap();
        Ok(certificate(HOUR))
    };
    let mut waiting = Box::pin(cache.get(key(&["a"]), 0.0, Duration::MAX, issue));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    cache.forget_identity("api");
    go.send(()).unwrap();
    waiting.await.unwrap();
    assert!(cache.is_empty());
}

#[tokio::test]
async fn a_build_forgets_its_own_certificates_alone() {
    let (_clock, cache) = cache();
    let scope = Scope::Build("job#1".to_owned());
    let own = CacheKey::new("api", &[], HOUR, Target::None, None, scope.clone());
    cache.get(own, 0.0, Duration::MAX, || async { Ok(certificate(HOUR)) }).await.unwrap();
    cache.get(key(&[]), 0.0, Duration::MAX, || async { Ok(certificate(HOUR)) }).await.unwrap();
    cache.forget_scope(&scope);
    assert_eq!(cache.len(), 1);
}
