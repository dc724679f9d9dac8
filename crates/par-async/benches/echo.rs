//! Echo requests per second over 64 connections, beside the same server in plain tokio, and beside asyncio and uvloop:
//! `cargo bench -p par-async --bench echo`.
//!
//! Every server is a process of its own with one thread, and echoes what it reads. The client is one thread of plain
//! blocking sockets: it sends on one half of its connections while the server answers the other half, so that the server
//! always has work. They run in turns, so the ratios hold on a busy machine; every answer is checked. The processor time of
//! the server is the operating system's figure, which the client cannot blur.
//!
//! `PAR_PYTHON` names the Python that runs the last three (`python3`); without it, or without uvloop, they are left out.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use par_async::{Connection, Runner, Server, StreamError};
use par_core::testing::Paired;

const CONNECTIONS: usize = 64;
const BYTES: usize = 64;

/// The protocol API, which is asyncio's fastest, and the streams, which are what most programs use.
const PYTHON: &str = r#"
import asyncio, sys

class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.transport.write(data)

async def echo(reader, writer):
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    writer.close()

async def main(streams):
    if streams:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
    else:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.install()
asyncio.run(main(sys.argv[2] == "streams"))
"#;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, serve, kind] = &arguments[..]
        && serve == "serve"
    {
        return if kind == "par" { serve_par() } else { serve_tokio() };
    }
    // `cargo test --benches` only wants to see that it runs.
    let quick = !arguments.iter().any(|argument| argument == "--bench");
    let (rounds, requests) = if quick { (1, 640) } else { (11, 128_000) };

    let mut targets: Vec<_> = [
        ("plain tokio", own("tokio")),
        ("Server of par-async", own("par")),
        ("uvloop, protocol", python("uvloop", "protocol")),
        ("asyncio, protocol", python("asyncio", "protocol")),
        ("uvloop, streams", python("uvloop", "streams")),
    ]
    .into_iter()
    .filter_map(|(name, target)| {
        if target.is_none() {
            println!("  {name}: left out, because it does not start; set PAR_PYTHON to a Python that has it");
        }
        Some((name, target?))
    })
    .collect();

    println!(
        "{requests} echo requests of {BYTES} bytes over {CONNECTIONS} connections, servers with one thread each"
    );
    let contenders = targets.iter_mut().map(|(name, target)| {
        let run: Box<dyn FnMut()> = Box::new(move || target.ask(requests));
        (*name, run)
    });
    let paired = Paired::measure(rounds, contenders.collect());
    print!("{paired}");
    println!("  requests per second (median), and processor time of the server per request:");
    let base = targets[0].1.cost();
    for (index, (name, target)) in targets.iter().enumerate() {
        let rate = requests as f64 / paired.median(index).as_secs_f64();
        let cost = target.cost();
        println!("  {name:44} {rate:9.0}/s {:9.2} µs   {:5.2} × plain tokio", cost * 1e6, cost / base);
    }
}

/// A server in a process of its own, and the connections to it.
struct Target {
    process: Child,
    connections: Vec<TcpStream>,
    requests: usize,
    spent: Duration,
}

fn own(kind: &str) -> Option<Target> {
    let this = std::env::current_exe().expect("it runs");
    Target::start(Command::new(this).args(["serve", kind]))
}

fn python(event_loop: &str, api: &str) -> Option<Target> {
    let python = std::env::var("PAR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    Target::start(Command::new(python).args(["-c", PYTHON, event_loop, api]).stderr(Stdio::null()))
}

impl Target {
    /// `None`, if it does not say on which port it listens.
    fn start(command: &mut Command) -> Option<Self> {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().ok()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).ok();
        let mut target = Self { process, connections: Vec::new(), requests: 0, spent: Duration::ZERO };
        let port: u16 = line.trim().parse().ok()?;
        for _ in 0..CONNECTIONS {
            let connection = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
            connection.set_nodelay(true).expect("a socket");
            connection.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
            target.connections.push(connection);
        }
        Some(target)
    }

    fn ask(&mut self, requests: usize) {
        let before = processor_time(self.process.id());
        let mut message = [0; BYTES];
        let (one, other) = self.connections.split_at_mut(CONNECTIONS / 2);
        let rounds = requests / CONNECTIONS;
        send(one, &message);
        for round in 1..=rounds {
            send(other, &message);
            receive(one, &message);
            let sent = message;
            message.fill(round as u8);
            if round < rounds {
                send(one, &message);
            }
            receive(other, &sent);
        }
        self.requests += requests;
        self.spent += processor_time(self.process.id()).saturating_sub(before);
    }

    /// Seconds of processor time per request.
    fn cost(&self) -> f64 {
        self.spent.as_secs_f64() / self.requests as f64
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn send(connections: &mut [TcpStream], message: &[u8]) {
    for connection in connections {
        connection.write_all(message).expect("it reads");
    }
}

fn receive(connections: &mut [TcpStream], message: &[u8; BYTES]) {
    for connection in connections {
        let mut answer = [0; BYTES];
        connection.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, message);
    }
}

/// How long a process has run so far, from the operating system's books, which are kept in nanoseconds; elsewhere nothing.
fn processor_time(process: u32) -> Duration {
    let books = std::fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
    let nanoseconds = books.split_whitespace().next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

async fn echo(mut client: Connection) -> Result<(), StreamError> {
    let mut buffer = [0; 4096];
    loop {
        match client.read(&mut buffer).await? {
            0 => return Ok(()),
            read => client.write_all(&buffer[..read]).await?,
        }
    }
}

fn serve_par() {
    let runner = Runner::builder().current_thread().build().expect("it starts");
    let served = runner.run(async {
        let server = Server::bind("127.0.0.1:0").await?;
        println!("{}", server.local_addr().port());
        server.serve(echo).await;
        std::io::Result::Ok(())
    });
    served.expect("it runs").expect("a port");
}

fn serve_tokio() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (mut client, _) = listener.accept().await?;
            client.set_nodelay(true)?;
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let read @ 1.. = client.read(&mut buffer).await? {
                    client.write_all(&buffer[..read]).await?;
                }
                std::io::Result::Ok(())
            });
        }
    });
    let served: std::io::Result<()> = served;
    served.expect("a port");
}
