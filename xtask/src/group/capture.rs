//! What a child prints: read by a thread for each pipe, kept within limits.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Output;

/// More than this is no output that anybody waits for.
pub(super) const MOST_MIB: usize = 64;
/// How much of a complaint is kept: its end.
const COMPLAINT_BYTES: usize = 64 << 10;
/// Pieces under way: a child that prints faster than they are taken has to wait.
const PIECES: usize = 64;

/// A child's output so far.
#[derive(Debug)]
pub(super) struct Capture {
    pieces: Receiver<(Stream, Vec<u8>)>,
    /// Whether something may still come.
    is_open: bool,
    output: Vec<u8>,
    complaint: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Stream {
    Output,
    Complaint,
}

impl Capture {
    /// Gives `command` the pipes that `output` asks for, and starts to read them.
    ///
    /// # Errors
    /// There are no more pipes.
    pub(super) fn connect(command: &mut Command, output: Output) -> io::Result<Self> {
        let (sender, pieces) = sync_channel(PIECES);
        let pipe = |stream, show| -> io::Result<PipeWriter> {
            let (reader, writer) = io::pipe()?;
            let sender = sender.clone();
            thread::spawn(move || forward(reader, stream, show, &sender));
            Ok(writer)
        };
        match output {
            Output::Inherit => {}
            Output::Capture | Output::Tee => {
                let writer = pipe(Stream::Output, output == Output::Tee)?;
                command.stdout(writer.try_clone()?).stderr(writer);
            }
            Output::Apart => {
                command.stdout(pipe(Stream::Output, false)?).stderr(pipe(Stream::Complaint, false)?);
            }
        }
        Ok(Self { pieces, is_open: true, output: Vec::new(), complaint: Vec::new() })
    }

    /// Takes what comes within `patience`.
    pub(super) fn listen(&mut self, patience: Duration) {
        if !self.is_open {
            thread::sleep(patience);
            return;
        }
        match self.pieces.recv_timeout(patience) {
            Ok((Stream::Output, piece)) => self.output.extend(piece),
            Ok((Stream::Complaint, piece)) => {
                self.complaint.extend(piece);
                self.complaint.drain(..self.complaint.len().saturating_sub(COMPLAINT_BYTES));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.is_open = false,
        }
    }

    pub(super) fn is_flooded(&self) -> bool {
        self.output.len() > MOST_MIB << 20
    }

    /// Takes the rest. A descendant that made itself a new session may still hold a pipe: its words are not waited for.
    pub(super) fn drain(&mut self, patience: Duration) {
        let start = Instant::now();
        while self.is_open && !self.is_flooded() && start.elapsed() < patience {
            self.listen(patience.saturating_sub(start.elapsed()));
        }
    }

    /// The output and the complaint.
    pub(super) fn into_text(self) -> (String, String) {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (text(self.output), text(self.complaint))
    }
}

fn forward(mut pipe: PipeReader, stream: Stream, show: bool, sender: &SyncSender<(Stream, Vec<u8>)>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = pipe.read(&mut buffer) {
        let piece = &buffer[..count];
        if show {
            // A closed terminal is no reason to stop the child.
            let _ = io::stdout().write_all(piece).and_then(|()| io::stdout().flush());
        }
        if sender.send((stream, piece.to_owned())).is_err() {
            // xtask has given up on this pipe.
            return;
        }
    }
}
