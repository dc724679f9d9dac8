//! What the suite found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether one behaviour holds in a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// It does.
    Holds,
    /// The world does not have it, or has too few ranks for it; why.
    Absent(String),
    /// It does not; which rank noticed, and what.
    Broken(String),
}

/// What the suite of communicators found: every behaviour, in words, and whether it holds. All ranks get the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// How many ranks the world has.
    pub ranks: usize,
    /// Every behaviour that was tried.
    pub behaviours: Vec<(String, Finding)>,
}

impl Findings {
    /// The behaviours that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &str> {
        self.behaviours
            .iter()
            .filter(|(_, finding)| matches!(finding, Finding::Broken(_)))
            .map(|(says, _)| says.as_str())
    }

    /// Passes when every behaviour holds that the world has.
    ///
    /// # Errors
    /// The behaviours that do not hold, and what was seen instead.
    pub fn unless_broken(&self) -> Result<(), String> {
        let lines: Vec<String> = self
            .behaviours
            .iter()
            .filter_map(|(says, finding)| match finding {
                Finding::Broken(what) => {
                    Some(format!("`{says}` does not hold at {} ranks: {what}", self.ranks))
                }
                Finding::Holds | Finding::Absent(_) => None,
            })
            .collect();
        if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (says, finding) in &self.behaviours {
            match finding {
                Finding::Holds => writeln!(f, "{:3} ranks  holds   {says}", self.ranks)?,
                Finding::Absent(why) => writeln!(f, "{:3} ranks  absent  {says}: {why}", self.ranks)?,
                Finding::Broken(what) => writeln!(f, "{:3} ranks  BROKEN  {says}: {what}", self.ranks)?,
            }
        }
        Ok(())
    }
}
