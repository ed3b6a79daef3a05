//! What the engine promises on bad days, against a cluster's double, in one process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use faults::invariants::complete;
use faults::stage::{OTHER_ROLE, Stage};
use faults::world::ROLE;
use machine_id::engine::{IdentityState, LeaseRequest, LeaseStatus};
use machine_id::error::Code;
use teleport_double::{Fault, Phase, Point, Times};

mod away;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
/// For what must not wait until a call gives up, which it does after 30 s: that much a loaded machine may take instead.
const PROMPT: Duration = Duration::from_secs(20);

/// Looks again and again, for so long at most.
async fn until(what: &str, limit: Duration, mut is: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is().await {
        assert!(started.elapsed() < limit, "{what} takes longer than {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn lease(stage: &Stage, order: &LeaseRequest) -> LeaseStatus {
    stage.engine.status().await.unwrap().leases.into_iter().find(|lease| lease.lease == order.lease).unwrap()
}

async fn state(stage: &Stage) -> (IdentityState, String) {
    let status = stage.engine.status().await.unwrap().identities.remove(0).status;
    (status.state, status.reason)
}

fn hosts(path: &Path) -> usize {
    fs::read_to_string(path.join("known_hosts")).unwrap().lines().filter(|line| !line.is_empty()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_on_the_bot_marks_its_leases_at_the_first_refusal_and_is_not_hammered() {
    let stage = Stage::living(HOUR).await.unwrap();
    let order = stage.order(ROLE);
    stage.engine.acquire(order.clone()).await.unwrap();
    stage.engine.keep_fresh();
    assert!(lease(&stage, &order).await.usable);
    stage.double.lock_user("bot-api", "stolen laptop");
    let refused = stage.engine.acquire(stage.order(OTHER_ROLE)).await.unwrap_err();
    assert_eq!(refused.code(), Code::BotLocked);
    let marked = lease(&stage, &order).await;
    assert!(!marked.usable && marked.problem.contains("bot_locked"), "{marked:?}");
    assert_eq!(state(&stage).await.0, IdentityState::Locked);
    // What began before the lock has come to its end: what follows is asked by whoever is refused.
    let mut before = stage.double.counters();
    until("a moment without calls", MINUTE, async || {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let earlier = std::mem::replace(&mut before, stage.double.counters());
        before.seen == earlier.seen
    })
    .await;
    for _ in 0..20 {
        assert_eq!(stage.engine.acquire(stage.order(ROLE)).await.unwrap_err().code(), Code::BotLocked);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = stage.double.counters();
    let calls = after.seen.values().sum::<u64>() - before.seen.values().sum::<u64>();
    // One regular look, four readings, may have fallen due meanwhile.
    assert!(calls <= 5, "{calls} calls of a locked bot, which was asked for 20 times");
    assert_eq!(after.locks, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_on_a_role_stops_only_leases_of_that_role() {
    let stage = Stage::living(MINUTE).await.unwrap();
    let (of_role, of_other) = (stage.order(ROLE), stage.order(OTHER_ROLE));
    stage.engine.acquire(of_role.clone()).await.unwrap();
    stage.engine.acquire(of_other.clone()).await.unwrap();
    stage.double.lock_role(OTHER_ROLE, "under review");
    stage.engine.keep_fresh();
    until("marking the lease", Duration::from_secs(59), async || !lease(&stage, &of_other).await.usable).await;
    assert!(lease(&stage, &of_other).await.problem.contains("under review"), "{:?}", lease(&stage, &of_other).await);
    assert!(lease(&stage, &of_role).await.usable);
    assert_eq!(state(&stage).await.0, IdentityState::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_phase_of_a_rotation_is_followed_before_the_next() {
    let stage = Stage::open().await.unwrap();
    let order = stage.order(ROLE);
    stage.engine.acquire(order.clone()).await.unwrap();
    stage.engine.keep_fresh();
    let soon = MINUTE;
    until("opening the watch", soon, async || stage.double.counters().seen(Point::Watch) > 0).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let directory = order.directory().to_owned();
    let (lines, first) = (hosts(&directory), fs::read_to_string(directory.join("tlscert")).unwrap());
    stage.double.rotate(Phase::Init).unwrap();
    until("trusting the new authority", soon, async || hosts(&directory) > lines).await;
    assert_eq!(fs::read_to_string(directory.join("tlscert")).unwrap(), first, "nothing is issued anew yet");
    stage.double.rotate(Phase::UpdateClients).unwrap();
    until("a certificate of the new authority", soon, async || {
        fs::read_to_string(directory.join("tlscert")).is_ok_and(|now| now != first)
    })
    .await;
    until("renewing the identity", Duration::from_secs(30), async || stage.double.counters().renewed > 0).await;
    let looked = stage.double.counters().seen(Point::CertAuthority);
    stage.double.rotate(Phase::UpdateServers).unwrap();
    until("looking at the phase", soon, async || stage.double.counters().seen(Point::CertAuthority) > looked).await;
    stage.use_once().await.unwrap();
    stage.double.rotate(Phase::Standby).unwrap();
    until("forgetting the old authority", soon, async || hosts(&directory) == lines).await;
    stage.use_once().await.unwrap();
    complete(&directory).unwrap();
    assert_eq!(stage.double.counters().locks, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_engines_on_one_store_one_renews_and_the_other_follows() {
    let stage = Stage::living(MINUTE).await.unwrap();
    stage.use_once().await.unwrap();
    let second = stage.another(&stage.directory.path().join("storage")).unwrap();
    stage.engine.keep_fresh();
    second.keep_fresh();
    tokio::time::sleep(Duration::from_secs(70)).await;
    let counters = stage.double.counters();
    assert_eq!((counters.joined, counters.locks), (1, 0));
    assert!((1..=4).contains(&counters.renewed), "{} renewals", counters.renewed);
    let mut generations = Vec::new();
    for engine in [&stage.engine, &second] {
        generations.push(engine.status().await.unwrap().identities.remove(0).status.generation);
    }
    assert_eq!(generations, [stage.double.generation("api"), stage.double.generation("api")]);
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_from_another_machine_is_refused_and_the_bot_stays_unlocked() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    let (from, to) = (stage.directory.path().join("storage"), stage.directory.path().join("copy"));
    let copied = stage.another(&to).unwrap();
    let text = fs::read_to_string(from.join("identity.json")).unwrap();
    let Some(start) = text.find("\"machine\": \"").map(|found| found + 12) else {
        assert!(!Path::new("/etc/machine-id").exists(), "{text}");
        eprintln!("SKIPPED: this machine has no id, as a container: a store from another machine");
        return;
    };
    let moved = format!("{}{}{}", &text[..start], "0".repeat(64), &text[start + 64..]);
    fs::write(to.join("identity.json"), moved).unwrap();
    fs::set_permissions(to.join("identity.json"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let error = copied.renew("api").await.unwrap_err();
    assert_eq!(error.code(), Code::IdentityForeign, "{error}");
    let counters = stage.double.counters();
    assert_eq!((counters.renewed, counters.locks), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_nobody_waits_for_any_more_is_still_written_down() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.double.faults().inject(Point::Renew, Fault::Delay(Duration::from_secs(2)), Times::Once);
    let waited = tokio::time::timeout(Duration::from_millis(500), stage.engine.renew("api")).await;
    assert!(waited.is_err());
    let storage = stage.directory.path().join("storage");
    let after = stage.another(&storage).unwrap();
    stage.engine.close().await;
    let status = after.status().await.unwrap().identities.remove(0).status;
    assert_eq!((status.state, status.generation), (IdentityState::Ready, Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_leaves_the_identity_in_use_and_a_fresh_token_brings_it_back_by_itself() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.engine.keep_fresh();
    stage.double.faults().inject(Point::Renew, Fault::DropReply, Times::Once);
    assert_eq!(stage.engine.renew("api").await.unwrap_err().code(), Code::IdentityNeedsRejoin);
    assert_eq!(state(&stage).await.0, IdentityState::NeedsRejoin);
    stage.use_once().await.unwrap();
    for _ in 0..3 {
        assert!(stage.engine.renew("api").await.is_err());
    }
    assert_eq!(stage.double.counters().locks, 0);
    stage.bring_fresh_token().unwrap();
    until("joining again", Duration::from_secs(25), async || state(&stage).await.0 == IdentityState::Ready).await;
    stage.use_once().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_useless_new_token_does_not_stop_a_working_identity() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    fs::write(stage.directory.path().join("token"), "00000000000000000000000000000000").unwrap();
    let again = stage.another(&stage.directory.path().join("storage")).unwrap();
    let order = stage.order(ROLE);
    again.acquire(order.clone()).await.unwrap();
    assert!(again.renew("api").await.is_ok());
    assert_eq!(stage.double.counters().locks, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_leases_at_once_cost_one_issuance() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    let before = stage.double.counters().impersonated;
    let started = Instant::now();
    let orders: Vec<_> = (0..1000).map(|_| stage.order(ROLE)).collect();
    let all = futures(orders.iter().map(|order| stage.engine.acquire(order.clone()))).await;
    let taken = started.elapsed();
    assert!(all.iter().all(Result::is_ok), "{:?}", all.iter().find(|one| one.is_err()));
    assert_eq!(stage.double.counters().impersonated - before, 1);
    for order in &orders {
        complete(order.directory()).unwrap();
    }
    let started = Instant::now();
    let released = futures(orders.iter().map(|order| stage.engine.release(&order.lease))).await;
    println!("1000 leases: taken in {taken:?}, released in {:?}", started.elapsed());
    assert!(released.into_iter().all(|released| released.unwrap().released));
    assert!(orders.iter().all(|order| !order.directory().exists()));
}

async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        let mut pending = false;
        for (future, output) in &mut all {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(all.iter_mut().filter_map(|(_, output)| output.take()).collect())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_ends_an_acquisition_that_hangs_and_leaves_nothing() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.double.faults().inject(Point::Impersonate, Fault::Hang, Times::Always);
    let order = stage.order(OTHER_ROLE);
    let asked = stage.double.counters().seen(Point::Impersonate);
    let acquired = stage.engine.acquire(order.clone());
    let released = async {
        let hangs = async || stage.double.counters().seen(Point::Impersonate) > asked;
        until("asking for a certificate", MINUTE, hangs).await;
        let started = Instant::now();
        stage.engine.release(&order.lease).await.unwrap();
        started.elapsed()
    };
    let (acquired, took) = tokio::join!(acquired, released);
    assert_eq!(acquired.unwrap_err().code(), Code::Cancelled);
    assert!(took < PROMPT, "{took:?}");
    assert!(!order.directory().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_and_refreshes_that_meet_leave_nothing_behind() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.engine.keep_fresh();
    for round in 0..40 {
        let order = stage.order(ROLE);
        stage.engine.acquire(order.clone()).await.unwrap();
        // Each phase lets every lease be written again.
        let phase = if round % 2 == 0 { Phase::Init } else { Phase::Rollback };
        stage.double.rotate(phase).unwrap();
        if phase == Phase::Rollback {
            stage.double.rotate(Phase::Standby).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(400..900))).await;
        assert!(stage.engine.release(&order.lease).await.unwrap().released);
        assert!(!order.directory().exists(), "round {round}");
    }
    stage.engine.close().await;
    assert_eq!(stage.double.counters().locks, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_leases_never_share_a_directory() {
    let stage = Stage::open().await.unwrap();
    let order = stage.order(ROLE);
    stage.engine.acquire(order.clone()).await.unwrap();
    let other = LeaseRequest { lease: "f".repeat(32), ..order.clone() };
    assert_eq!(stage.engine.acquire(other).await.unwrap_err().code(), Code::LeaseConflict);
    complete(order.directory()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_taken_over_by_a_later_process_is_left_to_it() {
    let stage = Stage::living(MINUTE).await.unwrap();
    let order = stage.order(ROLE);
    stage.engine.acquire(order.clone()).await.unwrap();
    stage.engine.keep_fresh();
    // As if a later process had ended it: the record is gone, and so is the directory.
    let root = stage.directory.path().join("root/leases");
    fs::remove_file(root.join(format!("{}.json", order.lease))).unwrap();
    fs::remove_dir_all(order.directory()).unwrap();
    until("letting go", Duration::from_secs(59), async || stage.engine.status().await.unwrap().leases.is_empty()).await;
    assert!(!order.directory().exists(), "keys came back after the lease was ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_could_not_be_written_down_is_kept_and_written_later() {
    use nix::mount::{MntFlags, MsFlags, mount, umount2};
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: only root can remount a file system");
        return;
    }
    let stage = Stage::open().await.unwrap();
    let storage = stage.directory.path().join("mounted");
    fs::create_dir(&storage).unwrap();
    if mount(Some("none"), &storage, Some("tmpfs"), MsFlags::empty(), Some("size=1m,mode=0700")).is_err() {
        eprintln!("SKIPPED: no file system can be mounted here");
        return;
    }
    let engine = stage.another(&storage).unwrap();
    let order = stage.order(ROLE);
    engine.acquire(order.clone()).await.unwrap();
    engine.keep_fresh();
    stage.double.faults().inject(Point::Renew, Fault::Delay(Duration::from_secs(2)), Times::Once);
    let filler = storage.join("filler");
    let renewed = engine.renew("api");
    let filled = async {
        let begun = async || stage.double.counters().seen(Point::Renew) > 0;
        until("asking for a renewal", MINUTE, begun).await;
        assert!(fs::write(&filler, vec![b'x'; 2 << 20]).is_err(), "there is still room");
    };
    let (renewed, ()) = tokio::join!(renewed, filled);
    assert_eq!(renewed.unwrap().generation, Some(2));
    let on_disk = engine.status().await.unwrap().identities.remove(0).status;
    assert_eq!((on_disk.state, on_disk.generation), (IdentityState::NeedsRejoin, Some(1)));
    fs::remove_file(&filler).unwrap();
    until("writing it down", Duration::from_secs(20), async || {
        let status = engine.status().await.unwrap().identities.remove(0).status;
        status.state == IdentityState::Ready && status.generation == Some(2)
    })
    .await;
    assert_eq!(engine.renew("api").await.unwrap().generation, Some(3));
    assert_eq!(stage.double.counters().locks, 0);
    engine.close().await;
    umount2(&storage, MntFlags::MNT_DETACH).unwrap();
}
