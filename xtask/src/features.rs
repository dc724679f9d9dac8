//! Which optional features this machine can build: those whose native need is there.

use std::fmt;

use crate::error::Error;
use crate::need::{self, Need};
use crate::workspace::{Package, Workspace};

/// A feature of `[package.metadata.par] features`, and whether it can be built here.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// The package that has the feature.
    pub(crate) package: String,
    /// The feature.
    pub(crate) feature: String,
    /// The need that it has at build time.
    pub(crate) need: &'static Need,
    /// Why it cannot be built; `None` when it can.
    pub(crate) missing: Option<String>,
}

/// Looks at every feature that some crate declares.
///
/// # Errors
/// A crate declares a feature that it does not have, or a need that xtask does not know.
pub(crate) fn choices(workspace: &Workspace) -> Result<Vec<Choice>, Error> {
    let mut choices = Vec::new();
    for package in &workspace.packages {
        for (feature, need) in &package.par.features {
            check_known(package, feature)?;
            let need = need::find(need)?;
            choices.push(Choice {
                package: package.name.clone(),
                feature: feature.clone(),
                need,
                missing: (need.probe)().err(),
            });
        }
    }
    Ok(choices)
}

/// The arguments that turn on, for a whole-workspace command of cargo, what can be built here.
pub(crate) fn arguments(choices: &[Choice]) -> Vec<String> {
    let on: Vec<String> = choices
        .iter()
        .filter(|choice| choice.missing.is_none())
        .map(|choice| format!("{}/{}", choice.package, choice.feature))
        .collect();
    if on.is_empty() { Vec::new() } else { vec!["--features".to_owned(), on.join(",")] }
}

/// The arguments that turn on, for a whole-workspace command of cargo, what crates want their tests to run with.
///
/// # Errors
/// A crate declares a feature that it does not have.
pub(crate) fn test_arguments(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let mut on = Vec::new();
    for package in &workspace.packages {
        for feature in &package.par.test_features {
            check_known(package, feature)?;
            on.push(format!("{}/{feature}", package.name));
        }
    }
    Ok(if on.is_empty() { on } else { vec!["--features".to_owned(), on.join(",")] })
}

fn check_known(package: &Package, feature: &str) -> Result<(), Error> {
    if package.features.contains_key(feature) {
        return Ok(());
    }
    Err(Error::Failed(format!(
        "[package.metadata.par] of {} names the feature `{feature}`, which it does not have",
        package.name
    )))
}

/// Why something is not built here, and what changes that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) reason: String,
    pub(crate) remedy: String,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.reason, self.remedy)
    }
}

impl Choice {
    /// Why the feature is not built here; `None` when it is.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        let missing = self.missing.as_ref()?;
        let reason = format!("feature `{}` needs {}: {missing}", self.feature, self.need.name);
        Some(Obstacle { reason, remedy: self.need.remedy() })
    }
}

/// Why something with these `required-features` is not built here; `None` when it is.
pub(crate) fn obstacle(choices: &[Choice], package: &Package, required: &[String]) -> Option<Obstacle> {
    required.iter().find_map(|feature| {
        let choice =
            choices.iter().find(|choice| choice.package == package.name && choice.feature == *feature);
        match choice {
            Some(choice) => choice.obstacle(),
            // Not declared as native: on by default, or nobody turns it on.
            None if on_by_default(package, feature) => None,
            None => Some(Obstacle {
                reason: format!("feature `{feature}` is off"),
                remedy: format!("say in [package.metadata.par] of {} what it needs", package.name),
            }),
        }
    })
}

fn on_by_default(package: &Package, feature: &str) -> bool {
    let mut reached = vec!["default"];
    let mut next = 0;
    while let Some(&name) = reached.get(next) {
        for implied in package.features.get(name).into_iter().flatten() {
            if !reached.contains(&implied.as_str()) {
                reached.push(implied);
            }
        }
        next += 1;
    }
    reached.contains(&feature)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> Package {
        let json = r#"{"name":"par-mpi","manifest_path":"/w/crates/par-mpi/Cargo.toml","dependencies":[],"targets":[],
            "features":{"default":["fast"],"fast":["faster"],"faster":[],"mpi":[],"odd":[]},
            "metadata":{"par":{"features":{"mpi":"mpi"}}}}"#;
        serde_json::from_str(json).unwrap()
    }

    fn choice(missing: Option<&str>) -> Choice {
        Choice {
            package: "par-mpi".to_owned(),
            feature: "mpi".to_owned(),
            need: need::find("mpi").unwrap(),
            missing: missing.map(str::to_owned),
        }
    }

    #[test]
    fn only_what_can_be_built_is_turned_on() {
        assert_eq!(arguments(&[choice(None)]), ["--features", "par-mpi/mpi"]);
        assert!(arguments(&[choice(Some("no mpirun"))]).is_empty());
    }

    #[test]
    fn an_obstacle_names_the_need_and_the_remedy() {
        let required = ["mpi".to_owned()];
        let obstacle_of = |choice| obstacle(&[choice], &package(), &required);
        assert_eq!(obstacle_of(choice(None)), None);
        let reason = obstacle_of(choice(Some("no mpirun"))).unwrap().to_string();
        assert!(reason.contains("no mpirun") && reason.contains("cargo xtask setup"), "{reason}");
    }

    #[test]
    fn default_features_are_no_obstacle_and_unknown_ones_are() {
        assert_eq!(obstacle(&[], &package(), &["faster".to_owned()]), None);
        assert!(obstacle(&[], &package(), &["odd".to_owned()]).is_some());
    }

    #[test]
    fn a_feature_that_does_not_exist_is_refused() {
        let mut package = package();
        package.features.remove("mpi");
        let workspace = Workspace { root: "/w".into(), target: "/w/target".into(), packages: vec![package] };
        assert!(choices(&workspace).unwrap_err().to_string().contains("`mpi`"));
    }

    #[test]
    fn tests_run_with_what_their_crates_ask_for() {
        let mut package = package();
        package.par.test_features = vec!["odd".to_owned()];
        let workspace =
            |package| Workspace { root: "/w".into(), target: "/w/target".into(), packages: vec![package] };
        assert_eq!(test_arguments(&workspace(package.clone())).unwrap(), ["--features", "par-mpi/odd"]);
        package.features.remove("odd");
        assert!(test_arguments(&workspace(package)).unwrap_err().to_string().contains("`odd`"));
    }
}
