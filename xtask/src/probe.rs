//! What this machine has: its processors, memory and toolchain, and the native things crates may need.
//!
//! Every probe only looks; none starts a server or opens a device.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::group::{self, Output};

/// The machine, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Machine {
    /// The processor's model, or `unknown`.
    pub(crate) cpu: String,
    /// Hardware threads that this process may use.
    pub(crate) cores: usize,
    /// Main memory; 0 where the system does not say.
    pub(crate) memory_bytes: u64,
    /// Operating system and kernel version.
    pub(crate) os: String,
    /// Architecture, e.g. `x86_64`.
    pub(crate) arch: &'static str,
    /// What `rustc --version` prints, or `unknown`.
    pub(crate) rustc: String,
}

impl Machine {
    /// Looks at the machine.
    pub(crate) fn read() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| field(&text, "model name"))
            .or_else(|| first_line("sysctl", &["-n", "machdep.cpu.brand_string"]));
        let memory_bytes = fs::read_to_string("/proc/meminfo")
            .ok()
            .and_then(|text| Some(kibibytes(&field(&text, "MemTotal")?)? * 1024))
            .or_else(|| first_line("sysctl", &["-n", "hw.memsize"])?.parse().ok());
        Self {
            cpu: cpu.unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory_bytes.unwrap_or(0),
            os: first_line("uname", &["-sr"]).unwrap_or_else(|| env::consts::OS.to_owned()),
            arch: env::consts::ARCH,
            rustc: rustc().unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

/// What `rustc --version` prints.
pub(crate) fn rustc() -> Option<String> {
    first_line("rustc", &["--version"])
}

/// A C compiler, which some crates' build scripts call.
pub(crate) fn c_compiler() -> Result<String, String> {
    ["cc", "gcc", "clang"]
        .iter()
        .find_map(|name| first_line(name, &["--version"]))
        .ok_or_else(|| "no cc, gcc or clang on the PATH".to_owned())
}

pub(crate) fn amqp() -> Result<String, String> {
    // The packaged program in sbin switches user; the one below it is what a private node runs.
    let inner = Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if inner.is_file() {
        return Ok(inner.display().to_string());
    }
    found(program(&["rabbitmq-server"]), "no rabbitmq-server on the PATH")
}

pub(crate) fn chromium() -> Result<String, String> {
    let names =
        ["chromium", "chromium-browser", "headless_shell", "google-chrome", "google-chrome-stable", "chrome"];
    let application = Path::new("/Applications/Chromium.app/Contents/MacOS/Chromium");
    let path = program(&names).or_else(|| application.is_file().then(|| application.to_owned()));
    found(path, "no chromium on the PATH")
}

pub(crate) fn cuda() -> Result<String, String> {
    let library =
        library(&library_folders(), "libcuda.so.1").ok_or("no libcuda.so.1: the NVIDIA driver is absent")?;
    // WSL has the driver's library but no device file of this name.
    if !Path::new("/dev/nvidiactl").exists() && !Path::new("/dev/dxg").exists() {
        return Err(format!("{} is there, but no NVIDIA device", library.display()));
    }
    Ok(library.display().to_string())
}

pub(crate) fn mpi() -> Result<String, String> {
    let launcher = program(&["mpirun"]).ok_or("no mpirun on the PATH")?;
    // What the build script of the bindings calls, too.
    let compiler = env::var("MPICC").unwrap_or_else(|_| "mpicc".to_owned());
    program(&[&compiler])
        .ok_or_else(|| format!("mpirun is there, but no {compiler}, which knows the headers"))?;
    let clang = libclang().ok_or("mpirun and mpicc are there, but no libclang, which reads the headers")?;
    if !has_own_headers(&clang) && env::var_os("BINDGEN_EXTRA_CLANG_ARGS").is_none() {
        return Err(format!(
            "{} is there, but not the headers of clang itself, like stddef.h",
            clang.display()
        ));
    }
    Ok(first_line(&launcher, &["--version"]).unwrap_or_else(|| launcher.display().to_string()))
}

/// Whether the headers that come with clang are where its library looks for them: beside it, or in a folder of its own.
fn has_own_headers(libclang: &Path) -> bool {
    let beside = libclang.canonicalize().ok().and_then(|path| Some(path.parent()?.join("clang")));
    let mut folders: Vec<PathBuf> = beside.into_iter().collect();
    folders.extend(["/usr/lib/clang", "/usr/lib64/clang", "/usr/local/lib/clang"].map(PathBuf::from));
    let versions = file_names(Path::new("/usr/lib"), |name| name.starts_with("llvm-"));
    folders.extend(versions.iter().map(|name| Path::new("/usr/lib").join(name).join("lib/clang")));
    has_headers(&folders)
}

fn has_headers(folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| {
        let versions = file_names(folder, |_| true);
        versions.iter().any(|version| folder.join(version).join("include/stddef.h").is_file())
    })
}

pub(crate) fn opencl() -> Result<String, String> {
    library(&library_folders(), "libOpenCL.so").ok_or("no OpenCL loader (libOpenCL.so.1)")?;
    let vendors =
        env::var_os("OCL_ICD_VENDORS").map_or_else(|| PathBuf::from("/etc/OpenCL/vendors"), PathBuf::from);
    if vendors.is_file() {
        return Ok(vendors.display().to_string());
    }
    let drivers = file_names(&vendors, |name| has_extension(name, "icd"));
    if drivers.is_empty() {
        return Err(format!("the OpenCL loader is there, but no driver in {}", vendors.display()));
    }
    Ok(drivers.join(", "))
}

pub(crate) fn python() -> Result<String, String> {
    first_line("python3", &["--version"]).ok_or_else(|| "no python3 on the PATH".to_owned())
}

/// The first of these programs that is on the PATH.
pub(crate) fn program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| {
        env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
    })
}

fn found(path: Option<PathBuf>, missing: &str) -> Result<String, String> {
    path.map(|path| path.display().to_string()).ok_or_else(|| missing.to_owned())
}

fn libclang() -> Option<PathBuf> {
    let mut folders = library_folders();
    folders.extend(env::var_os("LIBCLANG_PATH").map(PathBuf::from));
    for parent in ["/usr/lib", "/opt/homebrew/opt", "/usr/local/opt"] {
        folders.extend(
            file_names(Path::new(parent), |name| name.starts_with("llvm"))
                .iter()
                .map(|name| Path::new(parent).join(name).join("lib")),
        );
    }
    library(&folders, "libclang.so")
        // Not libclang-cpp, which has another interface.
        .or_else(|| (1..100).rev().find_map(|version| library(&folders, &format!("libclang-{version}."))))
        .or_else(|| library(&folders, "libclang.dylib"))
}

/// Where the dynamic loader looks, near enough.
fn library_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        env::var_os("LD_LIBRARY_PATH").iter().flat_map(env::split_paths).collect();
    folders.extend(
        ["/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib", "/usr/lib/wsl/lib", "/opt/homebrew/lib"]
            .map(PathBuf::from),
    );
    folders.push(format!("/usr/lib/{}-linux-gnu", env::consts::ARCH).into());
    folders
}

/// The first file in these folders whose name begins with `prefix`.
fn library(folders: &[PathBuf], prefix: &str) -> Option<PathBuf> {
    folders.iter().find_map(|folder| {
        file_names(folder, |name| name.starts_with(prefix)).first().map(|name| folder.join(name))
    })
}

/// The names in a folder that `wanted` accepts, sorted; none where the folder cannot be read.
fn file_names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| wanted(name));
    names.sort();
    names
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension() == Some(OsStr::new(extension))
}

/// The first line that a program prints, or `None` when it is missing, fails or takes too long.
fn first_line(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let text = answer(Command::new(program).args(arguments))?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// What a program prints, or `None` when it is missing, fails or takes too long.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let ended = group::run(command, Duration::from_secs(20), Output::Apart).ok()?;
    ended.success().then_some(ended.output)
}

/// The value of the first `key : value` line of a file in /proc.
fn field(text: &str, key: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, value)| (name.trim() == key).then(|| value.trim().to_owned()))
}

fn kibibytes(value: &str) -> Option<u64> {
    value.strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_proc_are_read() {
        let text = "MemTotal:       24571236 kB\nMemFree: 1 kB\nmodel name\t: AMD EPYC: 7B13\n";
        assert_eq!(field(text, "MemTotal").as_deref().and_then(kibibytes), Some(24_571_236));
        assert_eq!(field(text, "model name").as_deref(), Some("AMD EPYC: 7B13"));
        assert_eq!(field(text, "Swap"), None);
    }

    #[test]
    fn libraries_are_found_by_prefix() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("libclang-14.so.1"), "").unwrap();
        let folders = [PathBuf::from("/no/such/folder"), folder.path().to_owned()];
        assert_eq!(library(&folders, "libclang-"), Some(folder.path().join("libclang-14.so.1")));
        assert_eq!(library(&folders, "libcuda"), None);
    }

    #[test]
    fn headers_of_clang_are_told_from_an_empty_folder() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [PathBuf::from("/no/such/folder"), folder.path().to_owned()];
        fs::create_dir_all(folder.path().join("14.0.6/include")).unwrap();
        assert!(!has_headers(&folders));
        fs::write(folder.path().join("14.0.6/include/stddef.h"), "").unwrap();
        assert!(has_headers(&folders));
    }

    #[test]
    fn this_machine_has_cores_and_a_compiler() {
        let machine = Machine::read();
        assert!(machine.cores > 0);
        assert!(machine.rustc.starts_with("rustc "), "{}", machine.rustc);
    }

    #[test]
    fn a_program_that_fails_has_no_first_line() {
        assert_eq!(first_line("sh", &["-c", "echo broken; exit 1"]), None);
        assert_eq!(first_line("no-such-program", &[]), None);
    }
}
