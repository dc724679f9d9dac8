//! A command line that cannot be obeyed is one line on stderr that names what is valid, and exit code 2.

use crate::scratch::Scratch;

#[track_caller]
fn refused(scratch: &Scratch, arguments: &[&str], valid: &str) {
    let ended = scratch.run(arguments);
    assert_eq!(ended.code, Some(2), "{arguments:?}: {}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{arguments:?}: {}", ended.stderr);
    assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(valid), "{}", ended.stderr);
}

#[test]
fn bad_input_is_refused_in_one_line() {
    let scratch = Scratch::new();
    refused(&scratch, &["docter"], "doctor, setup");
    refused(&scratch, &["test", "fnt"], "fmt, tidy, clippy");
    refused(&scratch, &["test", "--skip", "fnt"], "fmt, tidy, clippy");
    refused(&scratch, &["examples", "no-such-example"], "no example is called");
    refused(&scratch, &["examples", "--timeout", "never"], "from 1 to 86400");
}

#[test]
fn help_is_no_error() {
    let help = Scratch::new().run(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("doctor") && help.stderr.is_empty(), "{}", help.stderr);
    let bare = Scratch::new().run(&[]);
    assert_eq!((bare.code, bare.stderr), (Some(2), help.stdout));
}
