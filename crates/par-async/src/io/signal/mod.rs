//! Signals of the operating system.

mod dump;
mod listen;

pub use dump::{dump_on, dump_on_signal};
pub use listen::{Signals, on_signal, signals};

use std::fmt;

use rustix::process::Signal as Named;

/// A signal, by its number on this machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal(i32);

impl Signal {
    /// Ctrl-C: the user wants the program to end.
    pub const INTERRUPT: Self = Self(Named::INT.as_raw());
    /// The program is to end.
    pub const TERMINATE: Self = Self(Named::TERM.as_raw());
    /// The terminal is gone; for a service: read the configuration again.
    pub const HANGUP: Self = Self(Named::HUP.as_raw());
    /// Ctrl-\: the user wants the program to end, with a trace.
    pub const QUIT: Self = Self(Named::QUIT.as_raw());
    /// For the program to define; see [`dump_on_signal`].
    pub const USER_1: Self = Self(Named::USR1.as_raw());
    /// For the program to define.
    pub const USER_2: Self = Self(Named::USR2.as_raw());
    /// A child has ended or stopped.
    pub const CHILD: Self = Self(Named::CHILD.as_raw());
    /// The terminal has another size.
    pub const WINDOW_CHANGE: Self = Self(Named::WINCH.as_raw());
    /// Ends a process, and no process can refuse.
    pub const KILL: Self = Self(Named::KILL.as_raw());

    /// A signal by its number, e.g. a real-time one.
    pub const fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn as_raw(self) -> i32 {
        self.0
    }

    /// As the system calls take it; `None` for the real-time ones.
    pub(crate) const fn named(self) -> Option<Named> {
        Named::from_named_raw(self.0)
    }
}

/// `SIGTERM`, or `signal 40`.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::INTERRUPT => "SIGINT",
            Self::TERMINATE => "SIGTERM",
            Self::HANGUP => "SIGHUP",
            Self::QUIT => "SIGQUIT",
            Self::USER_1 => "SIGUSR1",
            Self::USER_2 => "SIGUSR2",
            Self::CHILD => "SIGCHLD",
            Self::WINDOW_CHANGE => "SIGWINCH",
            Self::KILL => "SIGKILL",
            _ => match self.named() {
                Some(Named::SEGV) => "SIGSEGV",
                Some(Named::ABORT) => "SIGABRT",
                Some(Named::BUS) => "SIGBUS",
                Some(Named::FPE) => "SIGFPE",
                Some(Named::ILL) => "SIGILL",
                Some(Named::PIPE) => "SIGPIPE",
                Some(Named::ALARM) => "SIGALRM",
                _ => return write!(f, "signal {}", self.0),
            },
        };
        f.write_str(name)
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
