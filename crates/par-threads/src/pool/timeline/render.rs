//! A timeline as a picture and as a trace.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::time::Duration;

use super::{TaskSpan, Timeline};

/// The width of the picture.
const COLUMNS: u32 = 64;
/// The signs of the tasks, in the order of their names; what comes later shares the last one.
const SIGNS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ#";
const NOTHING: char = '.';

impl Timeline {
    /// The timeline in the [trace event format], which `chrome://tracing` and <https://ui.perfetto.dev> show: a row per
    /// worker, a box per task, on top of the task that waits for it.
    ///
    /// # Examples
    /// ```
    /// use par_core::{Executor, LocalExecutorExt, Shutdown};
    /// use par_threads::ThreadPool;
    ///
    /// let pool = ThreadPool::builder().workers(1).timeline(100).build()?;
    /// pool.spawn(|| ())?.wait()?;
    /// pool.shutdown(Shutdown::drain())?;
    /// let trace = pool.timeline().to_chrome_json();
    /// assert!(trace.contains(r#""name":"closure""#));
    /// # let path = std::env::temp_dir().join(format!("par-trace-{}.json", std::process::id()));
    /// std::fs::write(&path, trace)?;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [trace event format]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    pub fn to_chrome_json(&self) -> String {
        let mut json = String::new();
        // A string takes whatever is written.
        self.write_chrome_json(&mut json).ok();
        json
    }

    fn write_chrome_json(&self, json: &mut String) -> fmt::Result {
        json.push_str(r#"{"displayTimeUnit":"ns","traceEvents":["#);
        let mut separator = "";
        for (worker, thread) in self.threads.iter().enumerate() {
            write!(json, r#"{separator}{{"name":"thread_name","ph":"M","pid":1,"tid":{worker},"#)?;
            write!(json, r#""args":{{"name":{}}}}}"#, Quoted(thread))?;
            separator = ",";
        }
        for span in &self.spans {
            let TaskSpan { worker, task, started, queued, depth, ok, .. } = span;
            write!(json, r#"{separator}{{"name":{},"cat":"task","ph":"X","#, Quoted(task))?;
            write!(json, r#""ts":{},"dur":{},"#, Microseconds(*started), Microseconds(span.ran()))?;
            write!(json, r#""pid":1,"tid":{worker},"args":{{"#)?;
            write!(json, r#""queued_us":{},"depth":{depth},"ok":{ok}}}}}"#, Microseconds(*queued))?;
            separator = ",";
        }
        json.push_str("]}");
        Ok(())
    }
}

/// Draws a row per worker, in which each letter is a task (the topmost one, where tasks wait) and a dot is nothing; a
/// task that is shorter than a column may fall between two.
impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.capacity == 0 {
            return f.write_str("no timeline: ask for one with `Builder::timeline`");
        }
        let begin = self.spans.iter().map(|span| span.started).min().unwrap_or_default();
        let end = self.spans.iter().map(|span| span.finished).max().unwrap_or_default();
        let (tasks, extent) = (self.spans.len(), end.saturating_sub(begin));
        write!(f, "{tasks} tasks in {extent:.1?}")?;
        if self.dropped > 0 {
            write!(f, ", and {} before them", self.dropped)?;
        }
        let mut totals: BTreeMap<&str, (usize, Duration)> = BTreeMap::new();
        for span in &self.spans {
            let (runs, time) = totals.entry(span.task).or_default();
            *runs += 1;
            *time += span.ran();
        }
        let sign = |task| {
            let place = totals.keys().position(|known| *known == task).unwrap_or(SIGNS.len());
            char::from(SIGNS[place.min(SIGNS.len() - 1)])
        };
        let width = self.threads.iter().map(|thread| thread.chars().count()).max().unwrap_or(0);
        for (worker, thread) in self.threads.iter().enumerate() {
            let mut row = [NOTHING; COLUMNS as usize];
            let mut busy = Duration::ZERO;
            let mut until = begin;
            // In the order of their start, so that what lies on top is painted over what lies below.
            for span in self.spans.iter().filter(|span| span.worker == worker) {
                row[columns(span, begin, extent)].fill(sign(span.task));
                busy += span.finished.saturating_sub(until.max(span.started));
                until = until.max(span.finished);
            }
            let row: String = row.iter().collect();
            let share =
                if extent.is_zero() { 0.0 } else { 100.0 * busy.as_secs_f64() / extent.as_secs_f64() };
            write!(f, "\n{thread:width$} |{row}| {share:3.0} %")?;
        }
        for (task, (runs, time)) in &totals {
            write!(f, "\n{:>width$} = {task}: {runs} times, {time:.1?}", sign(task))?;
        }
        Ok(())
    }
}

/// The columns whose middle a span covers.
fn columns(span: &TaskSpan, begin: Duration, extent: Duration) -> std::ops::Range<usize> {
    let column = |instant: Duration| {
        let twice = 2 * u128::from(COLUMNS) * instant.saturating_sub(begin).as_nanos();
        // Column c has its middle at (2c + 1) / 2 of a column's width.
        let columns = (twice / extent.as_nanos().max(1)).div_ceil(2);
        columns.min(u128::from(COLUMNS)) as usize
    };
    column(span.started)..column(span.finished)
}

/// Text as JSON.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

/// Microseconds, to the nanosecond.
struct Microseconds(Duration);

impl fmt::Display for Microseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.as_nanos();
        write!(f, "{}.{:03}", nanoseconds / 1000, nanoseconds % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(worker: usize, task: &'static str, from: u64, to: u64, depth: usize) -> TaskSpan {
        let [started, finished] = [from, to].map(Duration::from_micros);
        TaskSpan { worker, task, started, finished, queued: Duration::from_nanos(1500), depth, ok: true }
    }

    fn timeline() -> Timeline {
        let spans = vec![
            span(0, "outer", 1000, 1640, 0),
            span(0, "inner", 1160, 1320, 1),
            span(1, "a \"name\"\\\n\u{7}é", 1480, 1640, 0),
        ];
        let threads = vec!["crew-0".to_owned(), "crew-1".to_owned()];
        Timeline { spans, dropped: 3, threads, capacity: 3 }
    }

    #[test]
    fn the_picture_shows_what_lies_on_top() {
        let mut timeline = timeline();
        timeline.spans[2].task = "late";
        let (c, a) = ("c".repeat(16), "a".repeat(16));
        let expected = format!(
            "3 tasks in 640.0µs, and 3 before them\n\
             crew-0 |{c}{a}{c}{c}| 100 %\n\
             crew-1 |{}{}|  25 %\n     \
             a = inner: 1 times, 160.0µs\n     \
             b = late: 1 times, 160.0µs\n     \
             c = outer: 1 times, 640.0µs",
            ".".repeat(48),
            "b".repeat(16)
        );
        assert_eq!(timeline.to_string(), expected);
    }

    #[test]
    fn nothing_is_drawn_too() {
        assert!(Timeline::default().to_string().contains("Builder::timeline"));
        let empty = Timeline { capacity: 1, threads: vec!["one".to_owned()], ..Timeline::default() };
        assert_eq!(empty.to_string(), format!("0 tasks in 0.0ns\none |{}|   0 %", ".".repeat(64)));
    }

    #[test]
    fn the_trace_is_json_that_says_the_same() {
        let timeline = timeline();
        let json: serde_json::Value = serde_json::from_str(&timeline.to_chrome_json()).expect("it is JSON");
        let events = json["traceEvents"].as_array().expect("a list");
        assert_eq!(events.len(), 5, "two threads and three spans");
        assert_eq!(events[1]["args"]["name"], "crew-1");
        let (inner, odd) = (&events[3], &events[4]);
        assert_eq!((inner["name"].as_str(), inner["ph"].as_str()), (Some("inner"), Some("X")));
        assert_eq!((inner["ts"].as_f64(), inner["dur"].as_f64()), (Some(1160.0), Some(160.0)));
        assert_eq!((inner["tid"].as_u64(), inner["args"]["depth"].as_u64()), (Some(0), Some(1)));
        assert_eq!(inner["args"]["queued_us"].as_f64(), Some(1.5));
        assert_eq!(odd["name"].as_str(), Some(timeline.spans[2].task));
    }
}
