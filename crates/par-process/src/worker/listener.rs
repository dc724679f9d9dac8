//! The thread that receives from the pool.

use std::sync::Arc;

use bytes::Bytes;
use ipc_channel::ipc::IpcBytesReceiver;
use par_core::TaskError;
use par_core::plumbing::Reply;
use rustix::process::{Signal, getpid, kill_process};

use super::inbox::Waiting;
use super::life::Life;
use crate::wire::{Message, Messages, Payload};

/// Receives until the channel closes; then the pool is gone, and so is the process.
pub(super) fn listen(life: &Arc<Life>, receiver: &IpcBytesReceiver) {
    let mut calls = Vec::new();
    while let Ok(frame) = receiver.recv() {
        for message in Messages::of(frame) {
            let understood = message.ok().and_then(|message| hear(life, message, &mut calls));
            if understood.is_none() {
                eprintln!("par-process: the pool sent something that is no message; the worker ends itself");
                die();
            }
        }
        if !calls.is_empty() {
            life.inbox.push(&mut calls);
        }
    }
    die()
}

/// Ends the process at once: `exit` would run destructors and wait for locks that a running task may hold.
fn die() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}

/// `None`: the message makes no sense.
fn hear(life: &Arc<Life>, message: Message, calls: &mut Vec<Waiting>) -> Option<()> {
    match message {
        Message::Call { slot, id, payload } => match bytes_of(life, payload) {
            Ok(call) => calls.push(Waiting { slot, id, call }),
            Err(error) => {
                if life.link.board.claim(slot, id) {
                    life.link.reply(slot, id, Reply::failed(error));
                }
            }
        },
        Message::Cancel { id } => {
            for running in life.running().iter().filter(|running| running.id == id) {
                running.task.cancel();
            }
        }
        Message::NestedReply { nested, payload } => {
            let reply = bytes_of(life, payload);
            life.forward.complete(nested, reply);
        }
        Message::Release { segment } => {
            for segment in life.link.outgoing.released(segment) {
                life.link.send(&Message::Forget { segment });
            }
        }
        Message::Forget { segment } => life.incoming.forget(segment),
        Message::Quit => life.inbox.quit(),
        _ => return None,
    }
    Some(())
}

fn bytes_of(life: &Life, payload: Payload) -> Result<Bytes, TaskError> {
    match payload {
        Payload::Inline(bytes) => Ok(bytes),
        Payload::Segment(reference) => life.incoming.view(&reference).map_err(|error| TaskError::Codec {
            task: "?".to_owned(),
            reason: format!("the shared memory of {} bytes cannot be mapped: {error}", reference.length),
        }),
    }
}
