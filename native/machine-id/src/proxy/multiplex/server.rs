//! The socket: who may connect, and how many.

use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::link::Link;
use super::session;

/// How many sessions all sockets of a process carry at once; each takes two descriptors.
const SESSIONS: usize = 4096;
/// Rest after a failure to accept: it is out of descriptors.
const REST: Duration = Duration::from_millis(100);

/// What the sockets of one process share.
#[derive(Clone, Debug)]
pub struct Switch {
    pub(super) places: Arc<Semaphore>,
}

impl Default for Switch {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(SESSIONS)) }
    }
}

/// A socket that is served until this is dropped; its sessions end then.
#[derive(Debug)]
pub struct Serving {
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) switch: Switch,
    /// The socket's directory, for messages.
    pub(super) directory: PathBuf,
    /// Users that may connect.
    users: Vec<u32>,
    link: Mutex<Arc<Link>>,
}

impl Shared {
    pub(super) fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Serving {
    /// Serves `listener`, which lies in `directory`, for `users` (numbers; root always may). Needs a runtime.
    ///
    /// # Errors
    /// When the runtime can't watch the socket.
    pub fn start(
        switch: &Switch,
        listener: StdListener,
        directory: &Path,
        users: Vec<u32>,
        link: Arc<Link>,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = UnixListener::from_std(listener)?;
        let link = Mutex::new(link);
        let shared = Arc::new(Shared { switch: switch.clone(), directory: directory.to_owned(), users, link });
        let mut task = JoinSet::new();
        task.spawn(accept(Arc::clone(&shared), listener));
        Ok(Self { shared, _task: task })
    }

    /// Sessions that begin from now on go by `link`; those that are open stay where they are.
    pub fn relink(&self, link: Arc<Link>) {
        *self.shared.link.lock().unwrap_or_else(PoisonError::into_inner) = link;
    }
}

async fn accept(shared: Arc<Shared>, listener: UnixListener) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if shared.admits(&stream) {
                        sessions.spawn(session::run(Arc::clone(&shared), stream));
                    }
                }
                Err(error) => {
                    tracing::warn!(directory = %shared.directory.display(), "no SSH connection can be taken: {error}");
                    tokio::time::sleep(REST).await;
                }
            },
            Some(_) = sessions.join_next() => {}
        }
    }
}

impl Shared {
    /// The socket's own permissions say the same; this holds where somebody widened them.
    fn admits(&self, stream: &UnixStream) -> bool {
        let user = match stream.peer_cred() {
            Ok(peer) => peer.uid(),
            Err(error) => {
                tracing::warn!("who connects can't be told: {error}");
                return false;
            }
        };
        let admitted = user == 0 || self.users.contains(&user);
        if !admitted {
            tracing::warn!(user, directory = %self.directory.display(), "a user that may not was refused an SSH connection");
        }
        admitted
    }
}
