//! A crawl with bounded concurrency (the cookbook's recipe on asynchronous I/O), against a server that it starts itself.
//!
//! Pages link to pages, in circles, too. Every page is fetched once; at most eight fetches run at once, as a budget says;
//! tasks that find links spawn their siblings, and the scope of the group ends when nothing is left to fetch, without
//! anybody counting.
//!
//! Run it: `cargo run -p par-async --example async_crawl`
//!
//! Expected output:
//! ```text
//! 499 pages, each fetched once, 1497 links followed, 1 of them broken
//! at most 8 fetches at once
//! ```

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use par_async::{Budget, Connection, Server, StreamError, TaskGroup, connect, run, sleep};

const PAGES: u64 = 500;
const AT_ONCE: usize = 8;

/// What happened on the server's side, which cannot be fooled.
#[derive(Default)]
struct Site {
    fetches: Mutex<Vec<u64>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

/// Page `n` links to `2n + 1`, `2n + 2` and back to `n / 3`; beyond the last page there is nothing, but for one mistake.
fn links(page: u64) -> Vec<u64> {
    let down = [2 * page + 1, 2 * page + 2, page / 3];
    down.into_iter().map(|link| if link < PAGES { link } else { link % PAGES }).collect()
}

/// Answers one request: `GET /7` with a status line, the links of the page, and the end of the stream.
async fn answer(site: Arc<Site>, mut client: Connection) -> Result<(), StreamError> {
    let now = site.now.fetch_add(1, Ordering::SeqCst) + 1;
    site.most.fetch_max(now, Ordering::SeqCst);
    let request = client.read_line().await?.unwrap_or_default();
    sleep(Duration::from_millis(2)).await;
    let answer = match request.strip_prefix("GET /").and_then(|page| page.parse().ok()) {
        Some(page) if page < PAGES && page != 404 => {
            site.fetches.lock().unwrap_or_else(PoisonError::into_inner).push(page);
            let links: Vec<_> = links(page).iter().map(|link| format!("/{link}\n")).collect();
            format!("200 OK\n{}", links.concat())
        }
        _ => "404 Not Found\n".to_owned(),
    };
    site.now.fetch_sub(1, Ordering::SeqCst);
    client.write_all(answer.as_bytes()).await
}

/// The links of a page; `None`, if there is no such page.
async fn fetch(server: SocketAddr, page: u64) -> Result<Option<Vec<u64>>, StreamError> {
    let mut stream = connect(server).await?;
    stream.write_all(format!("GET /{page}\n").as_bytes()).await?;
    if stream.read_line().await?.as_deref() != Some("200 OK") {
        return Ok(None);
    }
    let mut links = Vec::new();
    while let Some(line) = stream.read_line().await? {
        links.extend(line.strip_prefix('/').and_then(|link| link.parse::<u64>().ok()));
    }
    Ok(Some(links))
}

/// What all tasks of a crawl share.
struct Crawl {
    server: SocketAddr,
    group: TaskGroup<StreamError>,
    budget: Budget,
    seen: Mutex<BTreeSet<u64>>,
    followed: AtomicUsize,
    broken: AtomicUsize,
}

impl Crawl {
    /// Fetches a page that nobody has seen, then starts as much for each of its links.
    async fn visit(self: Arc<Self>, page: u64) -> Result<(), StreamError> {
        let Some(links) = fetch(self.server, page).await? else {
            self.broken.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        };
        for link in links {
            self.followed.fetch_add(1, Ordering::SeqCst);
            if self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(link) {
                Arc::clone(&self).start(link);
            }
        }
        Ok(())
    }

    /// A task that waits for the budget, not a spawner that does: the spawner itself runs within it.
    fn start(self: Arc<Self>, page: u64) {
        let group = self.group.clone();
        group.clone().spawn(async move {
            let budget = self.budget.clone();
            group.spawn_within(&budget, async move { Box::pin(self.visit(page)).await }).await;
            Ok(())
        });
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let site = Arc::new(Site::default());
    let served = Arc::clone(&site);
    let (followed, broken) = run(async move {
        let server = Server::bind("127.0.0.1:0").await?;
        let handle = server.handle();
        let budget = Budget::new(NonZeroUsize::new(AT_ONCE).expect("not zero"));
        let counts = TaskGroup::<StreamError>::scope(|servers| async move {
            servers.task("server").spawn(async move {
                Ok(server.serve(move |client| answer(Arc::clone(&served), client)).await)
            });
            let crawled = TaskGroup::<StreamError>::builder().name("crawl").scope(|group| {
                let crawl = Arc::new(Crawl {
                    server: handle.local_addr(),
                    group,
                    budget,
                    seen: Mutex::new(BTreeSet::from([0])),
                    followed: AtomicUsize::new(0),
                    broken: AtomicUsize::new(0),
                });
                async move {
                    Arc::clone(&crawl).start(0);
                    Ok(crawl)
                }
            });
            // When this is there, every task of the crawl has ended.
            let crawl = crawled.await.map_err(|error| std::io::Error::other(error.to_string()))?;
            handle.close(Duration::from_secs(5)).await;
            Ok((crawl.followed.load(Ordering::SeqCst), crawl.broken.load(Ordering::SeqCst)))
        })
        .await?;
        Ok::<_, Box<dyn std::error::Error>>(counts)
    })??;

    let mut fetches = site.fetches.lock().unwrap_or_else(PoisonError::into_inner).clone();
    fetches.sort_unstable();
    let all: Vec<_> = (0..PAGES).filter(|page| *page != 404).collect();
    assert_eq!(fetches, all, "each is fetched once");
    println!(
        "{} pages, each fetched once, {followed} links followed, {broken} of them broken",
        fetches.len()
    );
    assert_eq!((followed, broken), (3 * fetches.len(), 1));
    let most = site.most.load(Ordering::SeqCst);
    println!("at most {most} fetches at once");
    assert_eq!(most, AT_ONCE);
    Ok(())
}
