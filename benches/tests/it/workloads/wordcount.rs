//! Word count against the coreutils pipeline, and against the counts of the GNU GPL.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;
use par_benches::workloads::{WordCount, WordCountError, WordCounts, WordTable};
use par_core::Workload;
use proptest::prelude::*;

use super::chunks::{PARTS, run_in_chunks};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        gnu_gpl_has_the_published_counts,
        awkward_texts_are_counted_like_coreutils,
        generated_text_is_counted_like_coreutils,
        generated_text_does_not_depend_on_where_it_is_cut,
        words_of_a_directory_end_with_their_files,
        missing_and_empty_corpora_are_errors,
        verify_rejects_null_changed_swapped_and_stale_counts,
        digest_tells_tables_apart_that_agree_in_all_else,
        encoded_tables_are_sorted_and_checked,
        merge_is_a_monoid,
        cutting_anywhere_counts_every_word_once,
    ]
}

const GPL3: &str = "/usr/share/common-licenses/GPL-3";

/// Counts with coreutils; `None`, and a line that says so, where there is no shell to run them.
fn pipeline(text: &[u8]) -> Option<Vec<(String, u64)>> {
    let script = "tr -cs A-Za-z '\\n' | tr A-Z a-z | sort | uniq -c";
    let spawned = Command::new("sh")
        .args(["-c", script])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            eprintln!("skipped: no coreutils pipeline to compare with: {error}");
            return None;
        }
    };
    let mut input = child.stdin.take().expect("a piped standard input");
    let text = text.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output().expect("the pipeline's output");
    writer.join().expect("the writer's end").expect("the pipeline reads everything");
    let lines = String::from_utf8(output.stdout).expect("letters and digits");
    let counted = lines.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let count = fields.next().expect("a count").parse().expect("a number");
        // The empty line, where the text starts with something else than a letter, is no word.
        Some((fields.next()?.to_owned(), count))
    });
    Some(counted.collect())
}

fn table(words: &[(String, u64)]) -> WordTable {
    words.to_vec().try_into().expect("words of letters")
}

/// Serial, and in any number of chunks, like the pipeline.
fn check(workload: &WordCount, text: &[u8]) {
    let reference = workload.serial();
    if let Some(words) = pipeline(text) {
        assert_eq!(workload.finish(table(&words)), reference, "serial code and coreutils");
    }
    for parts in PARTS {
        let output = run_in_chunks(workload, parts);
        assert_eq!(output, reference, "{parts} parts");
        workload.verify(&output, &reference).expect("the reference's answer");
    }
}

fn check_file(path: &Path, text: &[u8]) {
    fs::write(path, text).expect("a writable temporary file");
    check(&WordCount::corpus(path).expect("the file just written"), text);
}

fn gnu_gpl_has_the_published_counts() {
    if !Path::new(GPL3).exists() {
        eprintln!("skipped: no {GPL3} on this machine; it is part of Debian's base-files");
        return;
    }
    let workload = WordCount::corpus(GPL3).unwrap();
    if workload.checked_against() == "serial code" {
        eprintln!("skipped: another edition of {GPL3}");
        return;
    }
    check(&workload, &fs::read(GPL3).unwrap());
    let right = workload.serial();
    assert_eq!((right.total, right.distinct), (5641, 999));
    let top: Vec<_> = right.top.iter().take(5).map(|(word, count)| (word.as_str(), *count)).collect();
    assert_eq!(top, [("the", 345), ("of", 221), ("to", 192), ("a", 184), ("or", 151)]);
    // A reference that is as wrong as the answer does not help.
    let wrong = WordCounts { distinct: 1000, ..right };
    assert!(workload.verify(&wrong, &wrong).is_err());
}

fn awkward_texts_are_counted_like_coreutils() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    let long = "Pneumonoultramicroscopicsilicovolcanoconiosis".repeat(3);
    let texts: [&[u8]; 10] = [
        b"a",
        b" ",
        b"one",
        b"The end, the END.\n",
        b"eighthhh EIGHTHHH ninethhhh NINETHHHH eighthhh",
        b"caf\xc3\xa9 na\xefve @[`{ x0y \0z",
        b"\n\n leading and trailing \n",
        b"sevennn\neightttt\nninettttt.",
        long.as_bytes(),
        b"abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ];
    for text in texts {
        check_file(&path, text);
    }
    // Longer than any buffer, without a single separator.
    check_file(&path, &vec![b'Q'; 700_001]);
}

fn generated_text_is_counted_like_coreutils() {
    let workload = WordCount::zipf(60_001, 7).unwrap();
    let mut text = Vec::new();
    for chunk in workload.chunks(3.try_into().unwrap()) {
        workload.write_text(chunk, &mut text);
    }
    check(&workload, &text);
    let counts = workload.serial();
    assert_eq!(counts.total, 60_001);
    // Zipf: rank 1 about twice as often as rank 2, and 1 / H(65536) = 8.6 % of all.
    assert!((counts.top[0].1 as f64 / counts.total as f64 - 0.0857).abs() < 0.005, "{:?}", counts.top);
    let expected = workload.bytes() as f64 / text.len() as f64;
    assert!((expected - 1.0).abs() < 0.01, "{expected}");
}

fn generated_text_does_not_depend_on_where_it_is_cut() {
    let workload = WordCount::zipf(1000, 3).unwrap();
    let mut whole = Vec::new();
    workload.write_text(0..1000, &mut whole);
    let mut pieces = Vec::new();
    for cut in [0..1, 1..2, 2..7, 7..500, 500..999, 999..1000] {
        workload.write_text(cut, &mut pieces);
    }
    assert_eq!(whole, pieces);
}

fn words_of_a_directory_end_with_their_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    fs::write(folder.path().join("a"), "one two").unwrap();
    fs::write(folder.path().join("b/c"), "three one").unwrap();
    fs::write(folder.path().join("b/empty"), "").unwrap();
    fs::write(folder.path().join("d"), "four").unwrap();
    let workload = WordCount::corpus(folder.path()).unwrap();
    assert_eq!(workload.bytes(), 20);
    check(&workload, b"one two\nthree one\nfour\n");
}

fn missing_and_empty_corpora_are_errors() {
    let missing = WordCount::corpus("/no/such/text");
    assert!(matches!(missing, Err(WordCountError::Unreadable { .. })), "{missing:?}");
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(WordCount::corpus(folder.path()), Err(WordCountError::Empty { .. })));
    assert!(matches!(WordCount::zipf(0, 1), Err(WordCountError::Words { words: 0 })));
}

fn verify_rejects_null_changed_swapped_and_stale_counts() {
    let workload = WordCount::zipf(5000, 1).unwrap();
    let right = workload.serial();
    let mut swapped = right.clone();
    swapped.top.swap(0, 1);
    let mut changed = right.clone();
    changed.top[9].1 += 1;
    let twice = {
        let part = || workload.compute(0..5000);
        workload.finish(workload.merge(part(), part()))
    };
    let wrong = [
        WordCounts::default(),
        WordCounts { total: right.total + 1, ..right.clone() },
        WordCounts { distinct: right.distinct - 1, ..right.clone() },
        WordCounts { digest: right.digest ^ 1, ..right.clone() },
        swapped,
        changed,
        twice,
        // Stale: another seed's answer.
        WordCount::zipf(5000, 2).unwrap().serial(),
    ];
    for wrong in wrong {
        assert!(workload.verify(&wrong, &right).is_err(), "{wrong:?} passed");
    }
    let null = WordCounts::default();
    assert!(workload.verify(&null, &null).is_err(), "a reference as null as the answer helped");
}

fn digest_tells_tables_apart_that_agree_in_all_else() {
    let summary = |words: &[(&str, u64)]| {
        let words: Vec<_> = words.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
        WordCount::test().finish(table(&words))
    };
    let (some, others) = (summary(&[("a", 3), ("b", 2)]), summary(&[("a", 2), ("b", 3)]));
    assert_eq!((some.total, some.distinct), (others.total, others.distinct));
    assert_ne!(some.digest, others.digest);
}

fn encoded_tables_are_sorted_and_checked() {
    let words = table(&[("zebra".to_owned(), 1), ("a".to_owned(), 2), ("incomprehensible".to_owned(), 3)]);
    let json = serde_json::to_string(&words).unwrap();
    assert_eq!(json, r#"[["a",2],["incomprehensible",3],["zebra",1]]"#);
    assert_eq!(serde_json::from_str::<WordTable>(&json).unwrap(), words);
    assert!(serde_json::from_str::<WordTable>(r#"[["Capital",1]]"#).is_err());
    assert!(serde_json::from_str::<WordTable>(r#"[["",1]]"#).is_err());
}

fn tables() -> impl Strategy<Value = WordTable> {
    prop::collection::btree_map("[a-d]{1,2}|[ab]{9,10}", 1..1_u64 << 40, 0..6)
        .prop_map(|words| table(&words.into_iter().collect::<Vec<_>>()))
}

proptest! {
    fn merge_is_a_monoid(a in tables(), b in tables(), c in tables()) {
        let text = WordCount::test();
        let left = text.merge(text.merge(a.clone(), b.clone()), c.clone());
        prop_assert_eq!(left, text.merge(a.clone(), text.merge(b, c)));
        prop_assert_eq!(&text.merge(text.identity(), a.clone()), &a);
        prop_assert_eq!(&text.merge(a.clone(), text.identity()), &a);
    }

    fn cutting_anywhere_counts_every_word_once(text in "[a-bA-B .]{1,60}", parts in 1_usize..60) {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), &text).expect("a writable temporary file");
        let workload = WordCount::corpus(file.path()).expect("the file just written");
        prop_assert_eq!(run_in_chunks(&workload, parts), workload.serial());
    }
}
