//! The accounts of a queue, and those who wait until all is done.

use par_core::DoneTooOften;
use par_core::plumbing::sync::{Accounts, AllDone};
use tokio::task::coop::consume_budget;

use crate::sync::Room;

/// How many items were put, taken and done, and the room of those who join.
pub(super) struct Ledger {
    /// Puts and takes are counted under the lock of the queue.
    pub(super) accounts: Accounts,
    joiners: Room,
}

impl Ledger {
    pub(super) const fn new() -> Self {
        Self { accounts: Accounts::new(), joiners: Room::new() }
    }

    pub(super) fn unfinished(&self) -> usize {
        self.accounts.unfinished()
    }

    pub(super) fn done(&self) -> Result<(), DoneTooOften> {
        self.accounts.done().map(|all| self.tell(all))
    }

    /// Tells all who join, if it is true.
    pub(super) fn tell(&self, all: AllDone) {
        if all == AllDone::Wake {
            self.joiners.tell_all_if(|| {
                let all_done = self.unfinished() == 0;
                if all_done {
                    self.accounts.nobody_joins();
                }
                all_done
            });
        }
    }

    /// Waits until everything that was put is done.
    pub(super) async fn join(&self) {
        consume_budget().await;
        if self.unfinished() > 0 {
            self.joiners.wait_unless(|| self.accounts.announce() == 0).await;
        }
    }
}
