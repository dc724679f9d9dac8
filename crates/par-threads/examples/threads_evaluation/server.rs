//! A web server for one page, on a free port of 127.0.0.1.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use par_threads::thread::{self, JoinHandle};

/// How long the server thinks before it answers.
pub(crate) const THINKS: Duration = Duration::from_millis(5);
/// What it answers.
pub(crate) const PAGE: &str = "a page";

pub(crate) struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    listener: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let socket = TcpListener::bind(("127.0.0.1", 0))?;
        let address = socket.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let listener = thread::Builder::new().name("server").spawn(move || {
            for connection in socket.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A caller that goes away is its own affair.
                drop(thread::spawn(move || answer(&connection)));
            }
        })?;
        Ok(Self { address, stop, listener })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn stop(self) -> Result<(), Box<dyn std::error::Error>> {
        self.stop.store(true, Ordering::SeqCst);
        // It looks when somebody calls.
        TcpStream::connect(self.address)?;
        Ok(self.listener.join()?)
    }
}

fn answer(mut connection: &TcpStream) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let request = BufReader::new(connection).lines();
    // The header ends with an empty line.
    for line in request {
        if line?.is_empty() {
            break;
        }
    }
    std::thread::sleep(THINKS);
    let length = PAGE.len();
    write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{PAGE}")
}
