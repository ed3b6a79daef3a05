//! A cluster that is away, or has cut the connection, and comes back.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_cluster_is_away_what_is_valid_is_served_and_then_it_says_why_not() {
    let stage = Stage::open().await.unwrap();
    stage.engine.acquire(stage.order(ROLE)).await.unwrap();
    stage.double.open_proxy(false);
    stage.double.faults().inject(Point::ProxyConnection, Fault::Refuse, Times::Always);
    let started = Instant::now();
    for _ in 0..50 {
        let order = stage.order(ROLE);
        stage.engine.acquire(order.clone()).await.unwrap();
        complete(order.directory()).unwrap();
        stage.engine.release(&order.lease).await.unwrap();
    }
    assert!(started.elapsed() < PROMPT * 2, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_comes_back_and_is_used_again_within_one_step() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.engine.keep_fresh();
    stage.double.faults().inject(Point::ProxyConnection, Fault::Refuse, Times::Always);
    stage.double.faults().inject(Point::Impersonate, Fault::Refuse, Times::Once);
    let error = stage.use_once().await.unwrap_err();
    assert_eq!(error.code(), Code::ClusterUnreachable, "{error}");
    stage.double.faults().clear();
    let started = Instant::now();
    while stage.use_once().await.is_err() {
        assert!(started.elapsed() < PROMPT * 2, "still not used");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_on_request_that_met_no_cluster_is_forgotten_when_the_cluster_answers() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.engine.keep_fresh();
    // The connection at hand stays.
    stage.double.faults().inject(Point::ProxyConnection, Fault::Refuse, Times::Always);
    assert_eq!(stage.engine.renew("api").await.unwrap_err().code(), Code::ClusterUnreachable);
    let failing =
        async || stage.engine.status().await.unwrap().identities.remove(0).failure.map(|failure| failure.code);
    assert_eq!(failing().await, Some(Code::ClusterUnreachable));
    stage.double.faults().clear();
    until("the next look", MINUTE * 3, async || failing().await.is_none()).await;
}

/// A build asks, on a connection or without one, while nobody listens at the cluster's ports; the keeper of the identity is at work.
async fn away() -> Stage {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.engine.keep_fresh();
    stage.double.open_proxy(false);
    stage.double.cut_connections();
    stage
}

fn patient(stage: &Stage, deadline: Duration) -> LeaseRequest {
    LeaseRequest { deadline, ..stage.order(OTHER_ROLE) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_begins_while_the_cluster_is_away_waits_and_is_served_when_it_is_back() {
    let stage = away().await;
    let order = patient(&stage, HOUR);
    let acquired = stage.engine.acquire(order.clone());
    let back = async {
        let troubled = async || stage.engine.health("api").unwrap().trouble.is_some();
        until("noticing that the cluster is away", PROMPT, troubled).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        stage.double.open_proxy(true);
        Instant::now()
    };
    let (acquired, back) = tokio::join!(async { (acquired.await, Instant::now()) }, back);
    let (acquired, served) = acquired;
    acquired.unwrap();
    complete(order.directory()).unwrap();
    let waited = served.checked_duration_since(back).expect("served by a cluster that is away");
    assert!(waited < PROMPT, "the return was noticed after {waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_that_wait_do_not_hammer_the_cluster() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.engine.keep_fresh();
    stage.double.faults().inject(Point::ProxyConnection, Fault::Refuse, Times::Always);
    let before = stage.double.counters().seen(Point::ProxyConnection);
    stage.double.cut_connections();
    let orders: Vec<_> = (0..20).map(|_| patient(&stage, HOUR)).collect();
    let waiting = futures(orders.iter().map(|order| stage.engine.acquire(order.clone())));
    let watched = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        let tries = stage.double.counters().seen(Point::ProxyConnection) - before;
        stage.double.faults().clear();
        (tries, Instant::now())
    };
    let (served, (tries, back)) = tokio::join!(waiting, watched);
    let waited = back.elapsed();
    for acquired in served {
        acquired.unwrap();
    }
    // Each try is two connections: one of them sees whether there is a balancer.
    assert!((4..=60).contains(&tries), "{tries} connections in 20 s by 20 builds of one agent");
    assert!(waited < PROMPT, "the return was noticed after {waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_in_vain_is_told_why_and_a_release_ends_the_wait() {
    let stage = away().await;
    let refused = stage.engine.acquire(patient(&stage, Duration::from_secs(5))).await.unwrap_err();
    assert_eq!(refused.code(), Code::ClusterUnreachable, "{refused}");
    let order = patient(&stage, HOUR);
    let acquired = stage.engine.acquire(order.clone());
    let released = async {
        until("the lease's directory", PROMPT, async || order.directory().exists()).await;
        stage.engine.release(&order.lease).await.unwrap();
        Instant::now()
    };
    let (acquired, released) = tokio::join!(acquired, released);
    assert_eq!(acquired.unwrap_err().code(), Code::Cancelled);
    assert!(released.elapsed() < PROMPT);
    assert!(!order.directory().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_was_never_there_is_told_at_once() {
    let stage = Stage::open().await.unwrap();
    stage.double.open_proxy(false);
    let refused = tokio::time::timeout(MINUTE, stage.engine.acquire(patient(&stage, HOUR))).await;
    assert_eq!(refused.expect("it waits").unwrap_err().code(), Code::ClusterUnreachable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_asked_to_slow_down_comes_again_and_needs_no_new_connection() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    let connections = stage.double.counters().seen(Point::ProxyConnection);
    let slower = Fault::Grpc { code: 8, message: "max rate exceeded".to_owned() };
    stage.double.faults().inject(Point::Impersonate, slower, Times::Count(2));
    let asked = stage.double.counters().seen(Point::Impersonate);
    stage.engine.acquire(patient(&stage, HOUR)).await.unwrap();
    assert_eq!(stage.double.counters().seen(Point::Impersonate) - asked, 3);
    assert_eq!(stage.double.counters().seen(Point::ProxyConnection), connections);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_that_nobody_minds_a_build_that_comes_is_served_at_once() {
    let stage = Stage::open().await.unwrap();
    stage.use_once().await.unwrap();
    stage.engine.keep_fresh();
    until("opening the watch", MINUTE, async || stage.double.counters().seen(Point::Watch) > 0).await;
    stage.double.cut_connections();
    let lost = async || !stage.engine.standing("api").unwrap().connected;
    until("noticing the cut", PROMPT, lost).await;
    let started = Instant::now();
    stage.engine.acquire(patient(&stage, HOUR)).await.unwrap();
    assert!(started.elapsed() < PROMPT, "{:?}", started.elapsed());
    assert!(stage.engine.standing("api").unwrap().connected);
}
