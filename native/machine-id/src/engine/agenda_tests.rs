//! The keeper's decisions over simulated days.

use proptest::prelude::*;

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn wall(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + s(1_000_000 + seconds)
}

fn at(seconds: u64) -> Moment {
    Moment { wall: wall(seconds), monotonic: s(seconds) }
}

fn facts(seconds: u64) -> Facts {
    Facts {
        now: at(seconds),
        held: Some(Held { renew_at: Some(wall(1800)), expires_at: wall(3600), connected: true }),
        wanted: true,
        retry_at: None,
        knock_at: None,
        refresh_at: None,
        look_at: s(100_000),
        sweep_at: None,
    }
}

#[test]
fn it_wakes_exactly_when_something_is_due() {
    assert_eq!(next(&facts(0)), Step::Sleep(LONGEST_NAP));
    assert_eq!(next(&facts(1797)), Step::Sleep(s(3)));
    assert_eq!(next(&facts(1800)), Step::Renew);
    let lease = Facts { refresh_at: Some(wall(7)), ..facts(0) };
    assert_eq!(next(&lease), Step::Sleep(s(7)));
    assert_eq!(next(&Facts { now: at(7), ..lease }), Step::Refresh);
    assert_eq!(next(&Facts { look_at: s(4), ..facts(0) }), Step::Sleep(s(4)));
    assert_eq!(next(&Facts { look_at: s(4), ..facts(4) }), Step::Look);
    assert_eq!(next(&Facts { sweep_at: Some(s(4)), ..facts(4) }), Step::Sweep);
}

#[test]
fn an_identity_that_cannot_be_renewed_is_not_tried() {
    let stuck = Held { renew_at: None, expires_at: wall(3600), connected: true };
    assert_eq!(next(&Facts { held: Some(stuck), ..facts(2000) }), Step::Sleep(LONGEST_NAP));
    assert_eq!(next(&Facts { held: Some(stuck), ..facts(3600) }), Step::Establish);
}

#[test]
fn a_lost_connection_is_made_anew_only_after_the_hold_and_leases_wait_for_it() {
    let lost = Held { renew_at: Some(wall(1800)), expires_at: wall(3600), connected: false };
    let lost = Facts { held: Some(lost), retry_at: Some(s(2005)), refresh_at: Some(wall(0)), ..facts(2000) };
    assert_eq!(next(&lost), Step::Sleep(s(5)));
    assert_eq!(next(&Facts { now: at(2005), ..lost }), Step::Establish);
}

#[test]
fn where_a_connection_was_lost_that_nobody_needs_somebody_knocks_before_it_is_made_anew() {
    let lost = Held { renew_at: Some(wall(1800)), expires_at: wall(3600), connected: false };
    let lost = Facts { held: Some(lost), retry_at: Some(s(300)), knock_at: Some(s(7)), ..facts(3) };
    assert_eq!(next(&lost), Step::Sleep(s(4)));
    assert_eq!(next(&Facts { now: at(7), ..lost }), Step::Knock);
    assert_eq!(next(&Facts { now: at(300), ..lost }), Step::Establish);
    let connected = Facts { knock_at: Some(s(0)), ..facts(7) };
    assert_eq!(next(&connected), Step::Sleep(LONGEST_NAP));
}

#[test]
fn a_failed_renewal_does_not_stop_leases_from_being_refreshed() {
    let held_back = Facts { retry_at: Some(s(2060)), refresh_at: Some(wall(0)), ..facts(2000) };
    assert_eq!(next(&held_back), Step::Refresh);
    assert_eq!(next(&Facts { refresh_at: None, ..held_back }), Step::Sleep(LONGEST_NAP));
}

#[test]
fn nothing_is_done_for_an_identity_that_nobody_wants_yet() {
    let idle = Facts { held: None, wanted: false, ..facts(0) };
    assert_eq!(next(&idle), Step::Sleep(LONGEST_NAP));
    assert_eq!(next(&Facts { wanted: true, ..idle }), Step::Establish);
}

#[test]
fn jumps_are_told_from_the_passing_of_time() {
    assert_eq!(jump(at(0), at(500)), None);
    assert_eq!(jump(at(0), Moment { wall: wall(7210), monotonic: s(10) }), Some(Jump::Ahead(s(7200))));
    assert_eq!(jump(at(100), Moment { wall: wall(0), monotonic: s(110) }), Some(Jump::Back(s(110))));
    assert_eq!(jump(at(0), Moment { wall: wall(11), monotonic: s(10) }), None, "NTP's slewing is no jump");
}

#[test]
fn a_clock_set_back_delays_nothing_that_is_overdue_by_the_monotonic_clock() {
    // The jump resets the session, so that all is looked at again; the agenda itself only sees the new time.
    let back = Facts { now: Moment { wall: wall(0), monotonic: s(1900) }, ..facts(0) };
    assert_eq!(next(&back), Step::Sleep(LONGEST_NAP));
}

/// Plays a keeper whose every step succeeds; gives the renewals' times.
fn simulate(lifetime: u64, seconds: u64) -> Vec<u64> {
    let mut renewals = Vec::new();
    let mut held = Held { renew_at: Some(wall(lifetime / 2)), expires_at: wall(lifetime), connected: true };
    let (mut time, mut look_at, mut steps) = (0, 60, 0);
    while time < seconds {
        steps += 1;
        assert!(steps < 100_000, "it spins");
        match next(&Facts { held: Some(held), look_at: s(look_at), ..facts(time) }) {
            Step::Sleep(nap) => time += nap.as_secs().max(1),
            Step::Renew => {
                assert!(wall(time) < held.expires_at, "renewed too late");
                renewals.push(time);
                held.renew_at = Some(wall(time + lifetime / 2));
                held.expires_at = wall(time + lifetime);
            }
            Step::Look => look_at = time + 60,
            other => panic!("unexpected {other:?}"),
        }
    }
    renewals
}

#[test]
fn over_two_days_every_renewal_comes_in_time_and_none_twice() {
    let renewals = simulate(3600, 2 * 86_400);
    assert_eq!(renewals.len(), 95);
    assert!(renewals.windows(2).all(|pair| pair[1] - pair[0] == 1800));
}

proptest! {
    #[test]
    fn it_never_spins_and_never_oversleeps(now in 0_u64..10_000, renew in 0_u64..10_000, life in 0_u64..10_000,
        retry_at in proptest::option::of(0_u64..10_000), refresh in proptest::option::of(0_u64..10_000),
        look in 0_u64..10_000, connected: bool, wanted: bool) {
        let held = Held { renew_at: Some(wall(renew)), expires_at: wall(life), connected };
        let facts = Facts { now: at(now), held: Some(held), wanted, retry_at: retry_at.map(s), knock_at: None, refresh_at: refresh.map(wall), look_at: s(look), sweep_at: None };
        if let Step::Sleep(nap) = next(&facts) {
            prop_assert!(nap >= SHORTEST_NAP && nap <= LONGEST_NAP);
            if connected && now < life && retry_at.is_none_or(|until| now >= until) {
                prop_assert!(now + nap.as_secs() <= renew.max(now + 1));
            }
        }
    }
}
