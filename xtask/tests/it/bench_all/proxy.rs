//! A proxy that lets nothing through and remembers who asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Hosts that the browser itself asks, whatever page it shows.
const BROWSERS_OWN: [&str; 7] = [
    "accounts.google.com",
    "clients2.google.com",
    "update.googleapis.com",
    "optimizationguide-pa.googleapis.com",
    "content-autofill.googleapis.com",
    "safebrowsing.googleapis.com",
    "www.google.com",
];

/// A listener on loopback, until the test ends.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                thread::spawn(move || refuse(stream, &log));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn requests_of_the_page(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|line| !BROWSERS_OWN.iter().any(|host| line.contains(host))).cloned().collect()
    }
}

fn refuse(mut stream: TcpStream, log: &Mutex<Vec<String>>) {
    let mut request = String::new();
    if BufReader::new(&stream).read_line(&mut request).is_ok() && !request.trim().is_empty() {
        log.lock().unwrap().push(request.trim().to_owned());
    }
    let _ = stream
        .write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}
