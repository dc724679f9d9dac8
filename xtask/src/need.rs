//! What a crate may need from the machine: how to look for it, what lacks without it, and who packages it.

use crate::error::Error;
use crate::probe;

/// Something that is not Rust: a program, a library, a driver.
#[derive(Debug)]
pub(crate) struct Need {
    /// Its name in `[package.metadata.par]` and in `PAR_REQUIRE`.
    pub(crate) name: &'static str,
    /// What it is, in words.
    pub(crate) what: &'static str,
    /// What is lost without it.
    pub(crate) costs: &'static str,
    /// Looks for it: what was found, or what is missing.
    pub(crate) probe: fn() -> Result<String, String>,
    /// The packages that hold it.
    pub(crate) packages: Packages,
}

/// Package names, one list per package manager; all empty where no package can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packages {
    /// Debian, Ubuntu.
    pub(crate) apt: &'static [&'static str],
    /// In place of them on releases where fewer do: `ID` and `VERSION_ID` of os-release, and the packages.
    pub(crate) apt_on: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// Fedora, RHEL.
    pub(crate) dnf: &'static [&'static str],
    /// macOS.
    pub(crate) brew: &'static [&'static str],
}

/// What no package holds.
const NO_PACKAGES: Packages = Packages { apt: &[], apt_on: &[], dnf: &[], brew: &[] };

/// Every need that xtask knows.
pub(crate) const NEEDS: &[Need] = &[
    Need {
        name: "amqp",
        what: "RabbitMQ, as a private node that tests start",
        costs: "the rows of the task queue over AMQP",
        probe: probe::amqp,
        packages: Packages {
            apt: &["rabbitmq-server"],
            dnf: &["rabbitmq-server"],
            brew: &["rabbitmq"],
            ..NO_PACKAGES
        },
    },
    Need {
        name: "chromium",
        what: "a browser without a window",
        costs: "the test that opens the report in a browser",
        probe: probe::chromium,
        packages: Packages {
            apt: &["chromium"],
            dnf: &["chromium-headless"],
            brew: &["chromium"],
            ..NO_PACKAGES
        },
    },
    Need {
        name: "cuda",
        what: "the CUDA driver and a device",
        costs: "the rows of CUDA devices",
        probe: probe::cuda,
        // A driver belongs to the kernel that runs: no package of ours may replace it.
        packages: NO_PACKAGES,
    },
    Need {
        name: "mpi",
        what: "Open MPI with its compiler wrapper, and libclang, which reads its headers",
        costs: "the rows of MPI ranks, and the feature `mpi`",
        probe: probe::mpi,
        packages: Packages {
            apt: &["openmpi-bin", "libopenmpi-dev", "libclang-dev"],
            // 74 MB instead of several hundred: the library and its headers without the compiler.
            apt_on: &[(
                "debian",
                "12",
                &["openmpi-bin", "libopenmpi-dev", "libclang1-14", "libclang-common-14-dev"],
            )],
            dnf: &["openmpi-devel", "clang-devel"],
            brew: &["open-mpi", "llvm"],
        },
    },
    Need {
        name: "opencl",
        what: "the OpenCL loader and a device driver; PoCL makes a device of the CPU",
        costs: "the rows of OpenCL devices",
        probe: probe::opencl,
        packages: Packages {
            apt: &["ocl-icd-libopencl1", "pocl-opencl-icd"],
            dnf: &["ocl-icd", "pocl"],
            brew: &["pocl"],
            ..NO_PACKAGES
        },
    },
    Need {
        name: "python",
        what: "Python 3",
        costs: "the anchor rows measured with Python's own libraries",
        probe: probe::python,
        packages: Packages { apt: &["python3"], dnf: &["python3"], brew: &["python3"], ..NO_PACKAGES },
    },
];

/// The need of this name.
///
/// # Errors
/// There is none; the error names those that are.
pub(crate) fn find(name: &str) -> Result<&'static Need, Error> {
    NEEDS.iter().find(|need| need.name == name).ok_or_else(|| {
        let known: Vec<_> = NEEDS.iter().map(|need| need.name).collect();
        Error::Usage(format!("unknown need `{name}`; known needs: {}", known.join(", ")))
    })
}

impl Need {
    /// What installs it.
    pub(crate) fn remedy(&self) -> String {
        if self.packages.is_empty() {
            return format!("no package holds {}: {}", self.name, self.what);
        }
        "run cargo xtask setup".to_owned()
    }
}

impl Packages {
    /// True when no package manager can help.
    pub(crate) fn is_empty(&self) -> bool {
        self.apt.is_empty() && self.dnf.is_empty() && self.brew.is_empty()
    }

    /// Debian's packages on the release that this text of os-release describes.
    pub(crate) fn apt_on(&self, os_release: &str) -> &'static [&'static str] {
        let is = |key: &str, value: &str| {
            let lines = os_release.lines().filter_map(|line| line.split_once('='));
            lines.into_iter().any(|(name, said)| name == key && said.trim_matches('"') == value)
        };
        let found = self.apt_on.iter().find(|(id, version, _)| is("ID", id) && is("VERSION_ID", version));
        found.map_or(self.apt, |(.., packages)| packages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_sorted_and_unique() {
        assert!(NEEDS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn a_release_with_smaller_packages_gets_them() {
        let packages = find("mpi").unwrap().packages;
        let on_12 = packages.apt_on("PRETTY_NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\n");
        assert!(on_12.contains(&"libclang1-14") && !on_12.contains(&"libclang-dev"));
        assert!(packages.apt_on("VERSION_ID=\"13\"\nID=debian\n").contains(&"libclang-dev"));
        assert!(packages.apt_on("").contains(&"libclang-dev"));
    }

    #[test]
    fn an_unknown_need_names_the_known() {
        let error = find("mpl").unwrap_err().to_string();
        assert!(error.contains("`mpl`") && error.contains("amqp, chromium"), "{error}");
    }

    #[test]
    fn every_need_of_this_workspace_is_known() {
        for package in crate::workspace::Workspace::load().unwrap().packages {
            for need in package.par.needs.iter().chain(package.par.features.values()) {
                find(need).unwrap();
            }
        }
    }
}
