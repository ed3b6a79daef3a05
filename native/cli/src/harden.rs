//! What others of the same user must not get out of this process: its memory, which holds keys and tokens.

use std::alloc::System;
use std::sync::OnceLock;

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use tokio::process::{Child, Command};
use zeroizing_alloc::ZeroAlloc;

/// Wipes whatever is freed: readers of YAML and gRPC make copies of tokens that nobody else can wipe.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// The soft limit of core files that we were started with, which is our children's.
static CORE_FILES: OnceLock<rlim_t> = OnceLock::new();

/// No core file, no debugger, no `/proc/PID/mem` for anybody but root. The program goes on where the system doesn't allow
/// that, and says so.
pub(crate) fn start() {
    if let Err(errno) = prctl::set_dumpable(false) {
        eprintln!(
            "machine-id: warning: the memory of this process isn't hidden from its user's other processes: {errno}"
        );
    }
    if let Ok((soft, most)) = getrlimit(Resource::RLIMIT_CORE) {
        CORE_FILES.get_or_init(|| soft);
        // Without a dump the limit only matters to who looks for it.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, most);
    }
}

/// Starts a command that has what we were started with: the limit is passed on, that we aren't dumpable ends with its exec.
pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Child> {
    let most = getrlimit(Resource::RLIMIT_CORE).map(|(_, most)| most).ok().zip(CORE_FILES.get().copied());
    if let Some((most, soft)) = most {
        let _ = setrlimit(Resource::RLIMIT_CORE, soft, most);
    }
    let child = command.spawn();
    if let Some((most, _)) = most {
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, most);
    }
    child
}
