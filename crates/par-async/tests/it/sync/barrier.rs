//! What a barrier of tasks does that one of threads cannot.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join3};
use par_async::testing::run;
use par_async::{Barrier, BarrierTurn, TaskGroup, sleep, timeout};
use par_core::{BreakCause, BrokenBarrier};

const fn broken(cause: BreakCause) -> BrokenBarrier {
    BrokenBarrier { cause }
}

#[test]
fn a_timeout_around_a_wait_leaves_it_whole_and_its_own_breaks_it() {
    run(async {
        let barrier = Barrier::new(2);
        assert!(timeout(Duration::from_secs(1), barrier.wait()).await.is_err());
        assert!(!barrier.is_broken() && barrier.waiting() == 0);
        let late = barrier.wait_timeout(Duration::from_secs(1)).await;
        assert_eq!(late, Err(broken(BreakCause::TimedOut)));
        assert_eq!(barrier.wait().await, Err(broken(BreakCause::TimedOut)));
    })
    .expect("it runs");
}

#[test]
fn those_who_stay_have_different_places_when_one_has_gone() {
    run(async {
        let barrier = Barrier::new(3);
        let goes = timeout(Duration::from_secs(1), barrier.wait());
        let last = async {
            sleep(Duration::from_secs(2)).await;
            assert_eq!(barrier.waiting(), 1);
            join(barrier.wait(), barrier.wait()).await
        };
        let (gone, stays, (second, third)) = join3(goes, barrier.wait(), last).await;
        assert!(gone.is_err());
        let places = [stays, second, third].map(|turn| turn.map(BarrierTurn::index));
        assert_eq!(places, [Ok(0), Ok(1), Ok(2)]);
    })
    .expect("it runs");
}

#[test]
fn a_member_that_is_cancelled_breaks_it_for_the_others() {
    run(async {
        let barrier = Arc::new(Barrier::new(2));
        let (mine, other) = (barrier.join_owned(), barrier.join_owned());
        let group = TaskGroup::<BrokenBarrier>::scope(|group| async move {
            let task = group.spawn(async move {
                sleep(Duration::from_hours(1)).await;
                other.wait().await
            });
            let cancels = group.spawn(async move {
                sleep(Duration::from_secs(1)).await;
                task.cancel("enough");
                Ok(())
            });
            let told = mine.wait().await;
            Ok((told, cancels.await))
        });
        let (told, _) = group.await.expect("a cancelled task is no failure");
        assert_eq!(told, Err(broken(BreakCause::PartyLeft)));
    })
    .expect("it runs");
}
