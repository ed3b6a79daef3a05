//! Who hears of a refusal that speaks of a lock: whoever keeps the identity looks at once, and where nobody keeps it, since it
//! was a lease's own, the refusal itself is what is known of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::Notify;

use crate::error::{Code, Error};

/// A refusal with a lock's words, and when it came, until somebody is let in.
#[derive(Debug)]
pub struct Alarm {
    bell: Arc<Notify>,
    heard: Mutex<Option<(Error, SystemTime)>>,
}

impl Alarm {
    /// `bell` is rung at each refusal.
    #[must_use]
    pub fn new(bell: Arc<Notify>) -> Self {
        Self { bell, heard: Mutex::default() }
    }

    /// What came of a connection at `now`. A failure that says nothing of a lock changes nothing.
    pub fn told(&self, outcome: Result<(), &Error>, now: SystemTime) {
        match outcome {
            Ok(()) => *self.lock() = None,
            Err(error) if error.code() == Code::BotLocked => {
                let mut heard = self.lock();
                let since = heard.as_ref().map_or(now, |(_, since)| *since);
                *heard = Some((error.clone(), since));
                drop(heard);
                self.bell.notify_one();
            }
            Err(_) => {}
        }
    }

    /// The last refusal, and when the first of them came.
    #[must_use]
    pub fn heard(&self) -> Option<(Error, SystemTime)> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Error, SystemTime)>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_lock_is_known_from_its_first_refusal_until_somebody_is_let_in() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let bell = Arc::new(Notify::new());
        let alarm = Alarm::new(Arc::clone(&bell));
        alarm.told(Err(&Error::new(Code::HostUnreachable, "no such host", "")), at(1));
        assert!(alarm.heard().is_none() && bell.notified().now_or_never().is_none());
        alarm.told(Err(&Error::new(Code::BotLocked, "lock one", "")), at(2));
        alarm.told(Err(&Error::new(Code::BotLocked, "lock two", "")), at(3));
        assert!(bell.notified().now_or_never().is_some());
        let (error, since) = alarm.heard().unwrap();
        assert_eq!((error.message(), since), ("lock two", at(2)));
        alarm.told(Err(&Error::new(Code::ClusterUnreachable, "refused", "")), at(4));
        assert!(alarm.heard().is_some());
        alarm.told(Ok(()), at(5));
        assert!(alarm.heard().is_none());
    }
}
