//! The certificate cache alone: the decision and the certificate, no files.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use machine_id::clock::{Clock, SystemClock};
use machine_id::error::Error;
use machine_id::identity::{Certificates, KeyPair};
use machine_id::issue::{CacheKey, IssueCache, RoleCertificate, Scope, Target};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::report::Report;
use crate::sample::Sample;

/// As the engine asks: three fifths of the life must be left.
const FRESH_PART: f64 = 0.6;
const TTL: Duration = Duration::from_secs(3600);

/// `lease` is the directory of a lease, whose certificate is put into a cache of the engine's own kind.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn measure(runtime: &Runtime, quick: bool, lease: &Path, report: &mut Report) {
    let certificate = read(lease);
    let cache = Arc::new(IssueCache::<Error>::new(Arc::new(SystemClock::new())));
    runtime.block_on(cache.get(key(), FRESH_PART, Duration::MAX, || async { Ok(certificate) })).unwrap();
    let total: u32 = if quick { 20_000 } else { 640_000 };
    for tasks in [1, 8, 64] {
        let start = Instant::now();
        runtime.block_on(async {
            let mut all = JoinSet::new();
            for _ in 0..tasks {
                let cache = Arc::clone(&cache);
                all.spawn(async move {
                    for _ in 0..total / tasks {
                        cache.get(key(), FRESH_PART, Duration::MAX, never).await.unwrap();
                    }
                });
            }
            all.join_all().await;
        });
        let rate = f64::from(total / tasks * tasks) / start.elapsed().as_secs_f64();
        let note = if tasks == 1 { "no files; budget 50,000" } else { "no files" };
        report.alone(&format!("leases from the certificate cache, {tasks} at once"), "1/s", &Sample::once(rate), note);
    }
}

/// Made anew for each request, as the engine does.
fn key() -> CacheKey {
    let roles = ["api-workers".to_owned()];
    CacheKey::new("bench0", &roles, TTL, Target::None, None, Scope::Agent)
}

async fn never() -> Result<RoleCertificate, Error> {
    panic!("issued though there is one")
}

fn read(lease: &Path) -> RoleCertificate {
    let text = |name: &str| std::fs::read_to_string(lease.join(name)).unwrap();
    let key = Arc::new(KeyPair::from_pem(&text("key")).unwrap());
    let certificates = Certificates::new(&text("key-cert.pub"), &text("tlscert")).unwrap();
    RoleCertificate::new(key, certificates, Target::None, "cluster".to_owned(), SystemClock::new().now()).unwrap()
}
