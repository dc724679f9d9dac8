//! Streams over `tokio::io::duplex`, on the clock of a test.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use par_async::testing::{cancel_everywhere, run};
use par_async::{Stream, StreamError, TaskGroup, connect, sleep, timeout};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

/// Writes in pieces of `piece` bytes, and waits between them, so that the reader sees every piece alone.
async fn dribble(mut to: impl tokio::io::AsyncWrite + Unpin, bytes: &[u8], piece: usize) {
    for piece in bytes.chunks(piece) {
        to.write_all(piece).await.expect("somebody reads");
        sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn lines_come_whole_however_they_were_cut() {
    for piece in 1..12 {
        run(async {
            let (ours, theirs) = duplex(4);
            let mut stream = Stream::new(ours);
            let writer = dribble(theirs, "eins\nzwo\r\n\nübrig\n".as_bytes(), piece);
            let lines = async { stream.lines().try_collect::<Vec<_>>().await };
            let ((), lines) = futures_util::future::join(writer, lines).await;
            assert_eq!(lines.expect("all have an end"), ["eins", "zwo", "", "übrig"]);
        })
        .expect("it runs");
    }
}

#[test]
fn a_line_has_a_bound_and_an_end() {
    run(async {
        let long = vec![b'x'; 100_000];
        let mut long = Stream::new(&*long).with_limit(1_000);
        for _ in 0..2 {
            let error = long.read_line().await.expect_err("too long");
            assert!(matches!(error, StreamError::TooLong { limit: 1_000 }), "{error}");
        }
        assert!(long.buffered().len() < 20_000, "what comes behind the limit is not hoarded");

        let mut fits = Stream::new(&b"123\n1234\n"[..]).with_limit(4);
        assert_eq!(fits.read_line().await.expect("fits").as_deref(), Some("123"));
        assert!(matches!(fits.read_line().await, Err(StreamError::TooLong { limit: 4 })));

        let mut cut = Stream::new(&b"whole\nhal"[..]);
        assert_eq!(cut.read_line().await.expect("whole").as_deref(), Some("whole"));
        let error = cut.read_line().await.expect_err("cut");
        assert!(matches!(error, StreamError::Truncated { came: 3, wanted: None }), "{error}");
        assert_eq!(&cut.read_to_end(10).await.expect("the rest")[..], b"hal");
        assert_eq!(cut.read_line().await.expect("the end"), None);

        let mut bytes = Stream::new(&b"ab\xff\nok\n"[..]);
        assert!(matches!(bytes.read_line().await, Err(StreamError::NotText { valid: 2 })));
        assert_eq!(bytes.read_line().await.expect("text").as_deref(), Some("ok"));
    })
    .expect("it runs");
}

#[test]
fn truncation_says_how_much_came() {
    run(async {
        let mut stream = Stream::new(&b"abcdef"[..]);
        assert_eq!(&stream.read_exactly(2).await.expect("there")[..], b"ab");
        let error = stream.read_exactly(usize::MAX).await.expect_err("not there");
        assert!(matches!(error, StreamError::Truncated { came: 4, wanted: Some(usize::MAX) }), "{error}");
        assert_eq!(&stream.read_exactly(4).await.expect("nothing is lost")[..], b"cdef");
        assert!(matches!(
            Stream::new(&[0; 9][..]).read_to_end(8).await,
            Err(StreamError::TooLong { limit: 8 })
        ));
        assert_eq!(Stream::new(&[0; 8][..]).read_to_end(8).await.expect("it fits").len(), 8);
    })
    .expect("it runs");
}

#[test]
fn frames_refuse_what_is_too_long_or_cut() {
    run(async {
        let mut frames = Stream::new(&b"\0\0\0\x05hell"[..]).frames(5);
        let error = frames.read().await.expect_err("cut");
        assert!(matches!(error, StreamError::Truncated { came: 8, wanted: Some(9) }), "{error}");
        assert_eq!(frames.into_stream().buffered(), b"\0\0\0\x05hell");
        let error = Stream::new(&b"\0\0"[..]).frames(5).read().await.expect_err("not even a head");
        assert!(matches!(error, StreamError::Truncated { came: 2, wanted: Some(4) }), "{error}");
        let mut huge = Stream::new(&b"\xff\xff\xff\xff"[..]).frames(5);
        for _ in 0..2 {
            assert!(matches!(huge.read().await, Err(StreamError::TooLong { limit: 5 })));
        }
    })
    .expect("it runs");
}

#[test]
fn a_cancelled_read_loses_nothing() {
    let polls = cancel_everywhere(async |cancel| {
        let (ours, theirs) = duplex(4);
        let mut stream = Stream::new(ours);
        let writer = tokio::spawn(async move { dribble(theirs, b"first line\nsecond", 3).await });
        let first = match cancel.run(stream.read_line()).await {
            Some(line) => line,
            None => stream.read_line().await,
        };
        assert_eq!(first.expect("a line").as_deref(), Some("first line"));
        assert_eq!(&stream.read_exactly(6).await.expect("the rest")[..], b"second");
        writer.await.expect("it ends");
    });
    assert!(polls >= 4, "{polls}");

    let polls = cancel_everywhere(async |cancel| {
        let (ours, theirs) = duplex(4);
        let mut frames = Stream::new(ours).frames(64);
        let writer = tokio::spawn(async move { dribble(theirs, b"\0\0\0\x06onetwo\0\0\0\x01x", 3).await });
        let first = match cancel.run(frames.read()).await {
            Some(frame) => frame,
            None => frames.read().await,
        };
        assert_eq!(first.expect("a frame").as_deref(), Some(&b"onetwo"[..]));
        assert_eq!(frames.read().await.expect("a frame").as_deref(), Some(&b"x"[..]));
        writer.await.expect("it ends");
    });
    assert!(polls >= 4, "{polls}");

    for delimiter in [b'\n', b'e'] {
        let polls = cancel_everywhere(async |cancel| {
            let (ours, theirs) = duplex(64);
            let mut stream = Stream::new(ours);
            let writer = tokio::spawn(async move { dribble(theirs, b"one\ntwo\n", 1).await });
            // A search for one delimiter, dropped, must not blind the search for another.
            cancel.run(async { stream.read_until(delimiter).await.expect("it is there") }).await;
            let all = stream.read_to_end(64).await.expect("it fits");
            assert!(b"one\ntwo\n".ends_with(&all));
            writer.await.expect("it ends");
        });
        assert!(polls >= 2, "{polls}");
    }
}

#[test]
fn a_dropped_search_does_not_blind_the_next_one() {
    run(async {
        let (ours, theirs) = duplex(64);
        let mut stream = Stream::new(ours);
        let writer = tokio::spawn(async move { dribble(theirs, b"a;b\n", 3).await });
        timeout(Duration::from_micros(10), stream.read_line()).await.expect_err("there is only `a;b`");
        assert_eq!(stream.read_until(b';').await.expect("there").as_deref(), Some(&b"a;"[..]));
        assert_eq!(stream.read_line().await.expect("there").as_deref(), Some("b"));
        writer.await.expect("it ends");

        let (ours, theirs) = duplex(64);
        let mut stream = Stream::new(ours);
        let writer = tokio::spawn(async move { dribble(theirs, b"a\nb;", 3).await });
        timeout(Duration::from_micros(10), stream.read_until(b';'))
            .await
            .expect_err("there is only `a` and `b`");
        assert_eq!(stream.read_line().await.expect("there").as_deref(), Some("a"));
        assert_eq!(stream.read_until(b';').await.expect("there").as_deref(), Some(&b"b;"[..]));
        writer.await.expect("it ends");
    })
    .expect("it runs");
}

#[test]
fn a_cancelled_write_takes_all_or_nothing() {
    let polls = cancel_everywhere(async |cancel| {
        let (ours, mut theirs) = duplex(3);
        let mut stream = Stream::new(ours);
        let reader = tokio::spawn(async move {
            let mut came = Vec::new();
            let mut piece = [0; 2];
            loop {
                sleep(Duration::from_millis(1)).await;
                match theirs.read(&mut piece).await.expect("no error") {
                    0 => return came,
                    read => came.extend_from_slice(&piece[..read]),
                }
            }
        });
        let both = async {
            stream.write_all(b"0123456789").await.expect("somebody reads");
            stream.write_all(b"abcdefgh").await.expect("somebody reads");
        };
        cancel.run(both).await;
        stream.write_all(b"end").await.expect("somebody reads");
        stream.finish().await.expect("somebody reads");
        assert_eq!(stream.unwritten(), 0);
        let came = String::from_utf8(reader.await.expect("it ends")).expect("text");
        let possible = ["end", "0123456789end", "0123456789abcdefghend"];
        assert!(possible.contains(&&*came), "torn: {came}");
    });
    assert!(polls >= 5, "{polls}");

    let polls = cancel_everywhere(async |cancel| {
        let (ours, theirs) = duplex(3);
        let (mut to, mut from) = (Stream::new(ours).frames(16), Stream::new(theirs).frames(16));
        let reader = tokio::spawn(async move {
            let mut came = Vec::new();
            while let Some(frame) = from.read().await.expect("whole") {
                sleep(Duration::from_millis(1)).await;
                came.push(frame);
            }
            came
        });
        let written = cancel.run(async { to.write(b"message").await.expect("somebody reads") }).await;
        to.write(b"end").await.expect("somebody reads");
        to.finish().await.expect("somebody reads");
        let came = reader.await.expect("it ends");
        assert!(came.len() == 2 || written.is_none());
        assert_eq!(came.last().map(|last| &last[..]), Some(&b"end"[..]));
    });
    assert!(polls >= 3, "{polls}");
}

#[test]
fn a_slow_reader_holds_its_writer_up() {
    run(async {
        let (ours, theirs) = duplex(1_024);
        let (mut to, mut from) = (Stream::new(ours), Stream::new(theirs));
        let mut sent = 0;
        while timeout(Duration::from_secs(1), to.write_all(&[7; 100])).await.is_ok() {
            sent += 100;
        }
        assert!(sent <= 1_024, "{sent} bytes left, and nobody read");
        assert!(to.unwritten() <= 100);
        let writer = async move {
            to.finish().await.expect("it goes out now");
        };
        let ((), came) = futures_util::future::join(writer, from.read_to_end(2_000)).await;
        assert_eq!(came.expect("it fits").len() % 100, 0, "no message is torn");
    })
    .expect("it runs");
}

#[test]
fn tokios_adapters_take_a_stream_with_what_is_in_its_buffer() {
    run(async {
        let mut stream = Stream::new(&b"line\nrest of it"[..]);
        stream.read_line().await.expect("a line");
        let mut copied = Stream::new(Vec::new());
        tokio::io::copy(&mut stream, &mut copied).await.expect("no error");
        assert_eq!(copied.into_inner(), b"rest of it");
    })
    .expect("it runs");
}

#[test]
fn a_wait_is_in_the_tree_of_tasks() {
    run(async {
        let (ours, _theirs) = duplex(8);
        TaskGroup::<StreamError>::scope(|group| async move {
            let reader = group.task("reader").spawn(async move { Stream::new(ours).read_line().await });
            sleep(Duration::from_millis(1)).await;
            let tree = par_async::tasks_snapshot().to_string();
            assert!(tree.contains("`reader`") && tree.contains("Stream::read_line ("), "{tree}");
            reader.cancel("seen");
            Ok(())
        })
        .await
        .expect("no failure");
    })
    .expect("it runs");
}

#[test]
fn no_connection_says_to_whom() {
    super::live("a refused connection", async {
        let free =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound");
        let error = connect(free).await.expect_err("nobody listens");
        assert!(error.to_string().starts_with(&format!("no connection to {free}: ")), "{error}");
        let error = par_async::connect_unix("/no/such/socket").await.expect_err("nobody listens");
        assert!(error.to_string().starts_with("no connection to /no/such/socket: "), "{error}");
    });
}

proptest! {
    #[test]
    fn frames_survive_any_cut(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8), piece in 1_usize..50) {
        let came = run(async {
            let mut wire = Stream::new(Vec::new()).frames(64);
            for message in &messages {
                wire.write(message).await.expect("it fits");
            }
            let wire = wire.into_stream().into_inner();
            let (ours, theirs) = duplex(16);
            let mut frames = Stream::new(theirs).frames(64);
            let reader = async {
                let mut came = Vec::new();
                while let Some(frame) = frames.read().await.expect("whole") {
                    came.push(frame.to_vec());
                }
                came
            };
            futures_util::future::join(dribble(ours, &wire, piece), reader).await.1
        }).expect("it runs");
        prop_assert_eq!(came, messages);
    }
}
