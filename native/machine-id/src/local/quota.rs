//! Sharing something that is limited among holders of which each may want all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::USER;

/// How much there is of something, and for whom.
///
/// A part is kept: each holder has `each` of it for itself, so that who comes late gets something. Of the common rest a
/// holder may have as many as it leaves free for all others: alone half of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stock {
    pub(crate) each: usize,
    pub(crate) kept: usize,
    pub(crate) common: usize,
}

/// What all holders share.
#[derive(Debug)]
pub(crate) struct Quota {
    stock: Stock,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    kept: usize,
    common: usize,
}

/// What one holder has of it.
#[derive(Debug)]
pub(crate) struct Share {
    quota: Arc<Quota>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    used: Used,
    users: HashMap<u32, usize>,
}

/// One of what there is, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    share: Arc<Share>,
    kept: bool,
    user: Option<u32>,
}

impl Quota {
    pub(crate) fn new(stock: Stock) -> Arc<Self> {
        Arc::new(Self { stock, used: Mutex::default() })
    }

    /// A further holder.
    pub(crate) fn share(self: &Arc<Self>) -> Arc<Share> {
        Arc::new(Share { quota: Arc::clone(self), held: Mutex::default() })
    }
}

impl Share {
    /// One more, or none where the others would get too few.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Permit> {
        self.take_as(None)
    }

    /// One more for a user, who leaves some of the holder's to its other users.
    pub(crate) fn take_for(self: &Arc<Self>, user: u32) -> Option<Permit> {
        self.take_as(Some(user))
    }

    fn take_as(self: &Arc<Self>, user: Option<u32>) -> Option<Permit> {
        let (mut held, mut used) = (lock(&self.held), lock(&self.quota.used));
        let stock = self.quota.stock;
        let kept = held.used.kept < stock.each && used.kept < stock.kept;
        if kept {
            used.kept += 1;
            held.used.kept += 1;
        } else {
            let room = stock.common.saturating_sub(used.common).saturating_sub(held.used.common);
            let own = user.and_then(|user| held.users.get(&user)).copied().unwrap_or(0);
            if room == 0 || (user.is_some() && own >= room.saturating_mul(USER)) {
                return None;
            }
            used.common += 1;
            held.used.common += 1;
        }
        if let Some(user) = user {
            *held.users.entry(user).or_default() += 1;
        }
        Some(Permit { share: Arc::clone(self), kept, user })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let (mut held, mut used) = (lock(&self.share.held), lock(&self.share.quota.used));
        for used in [&mut held.used, &mut *used] {
            let of = if self.kept { &mut used.kept } else { &mut used.common };
            *of = of.saturating_sub(1);
        }
        if let Some(user) = self.user
            && let Some(count) = held.users.get_mut(&user)
        {
            *count -= 1;
            if *count == 0 {
                held.users.remove(&user);
            }
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STOCK: Stock = Stock { each: 4, kept: 1024, common: 3072 };

    fn all_of(share: &Arc<Share>, user: Option<u32>) -> Vec<Permit> {
        std::iter::from_fn(|| share.take_as(user)).collect()
    }

    #[test]
    fn who_takes_all_it_gets_leaves_some_to_every_other_holder() {
        let quota = Quota::new(STOCK);
        let greedy: Vec<Vec<Permit>> = (0..100).map(|_| all_of(&quota.share(), None)).collect();
        assert_eq!(greedy[0].len(), 4 + 1536);
        assert!(greedy.iter().all(|held| held.len() >= 4));
        assert_eq!(all_of(&quota.share(), None).len(), 4, "who comes last");
        drop(greedy);
        assert_eq!(all_of(&quota.share(), None).len(), 4 + 1536, "all was given back");
    }

    #[test]
    fn one_user_leaves_some_to_another_of_the_same_holder() {
        let share = Quota::new(STOCK).share();
        let first = all_of(&share, Some(1));
        assert!(first.len() >= 1300, "{}", first.len());
        let second = all_of(&share, Some(2));
        assert!(second.len() >= 150, "{}", second.len());
        drop(first);
        assert!(all_of(&share, Some(3)).len() > 1000);
    }

    proptest! {
        #[test]
        fn never_more_than_there_is_and_all_comes_back(
            steps in proptest::collection::vec((0_usize..4, 0_u32..3, any::<bool>()), 0..200),
        ) {
            let quota = Quota::new(Stock { each: 1, kept: 3, common: 7 });
            let shares: Vec<_> = (0..4).map(|_| quota.share()).collect();
            let mut held = Vec::new();
            for (holder, user, takes) in steps {
                if takes {
                    held.extend(shares[holder].take_for(user));
                } else if !held.is_empty() {
                    held.swap_remove(holder % held.len());
                }
                prop_assert!(held.len() <= 10);
            }
            drop(held);
            let used = lock(&quota.used);
            prop_assert_eq!((used.kept, used.common), (0, 0));
            prop_assert!(shares.iter().all(|share| lock(&share.held).users.is_empty()));
        }
    }
}
