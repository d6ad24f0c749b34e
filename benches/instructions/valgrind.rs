//! Runs this program under valgrind and counts its instructions.

use std::env::current_exe;
use std::process::{Command, Stdio};

/// The count is the difference between two runs, so that setup and the first calls cancel out. The
/// stores of pushes grow after 390 and after 1562 pushes: both runs stay between the two.
const FEW: u64 = 400;
pub(crate) const MANY: u64 = 600;

/// Returns the instructions of one call.
pub(crate) fn count(path: &str) -> u64 {
    let few = run(&["run", path, &FEW.to_string()]).1;
    let many = run(&["run", path, &MANY.to_string()]).1;
    (many - few) / (MANY - FEW)
}

/// Describes what counts depend on besides the code: the compiler, the C library (allocation and
/// copying), and the instruction sets of the processor that valgrind supports.
pub(crate) fn surroundings() -> String {
    let features = run(&["features"]).0;
    [
        first_line(Command::new("rustc").arg("--version")),
        first_line(Command::new("valgrind").arg("--version")),
        first_line(Command::new("getconf").arg("GNU_LIBC_VERSION")),
        features.trim().to_owned(),
    ]
    .join(", ")
}

/// Lists the instruction sets that the dependencies look for, as this process sees them.
pub(crate) fn features() -> String {
    #[cfg(target_arch = "x86_64")]
    let seen = [
        ("aes", is_x86_feature_detected!("aes")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("sha", is_x86_feature_detected!("sha")),
        ("ssse3", is_x86_feature_detected!("ssse3")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let seen: [(&str, bool); 0] = [];
    let seen = seen.iter().filter(|(_, seen)| *seen);
    let seen = seen.map(|(name, _)| format!(" {name}"));
    format!(
        "{} with{}",
        std::env::consts::ARCH,
        seen.collect::<String>()
    )
}

/// Runs this program under valgrind and returns its output and its instruction count.
fn run(arguments: &[&str]) -> (String, u64) {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(current_exe().unwrap())
        .args(arguments);
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("could not run valgrind: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
    let collected = told
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, collected) = collected.unwrap_or_else(|| panic!("{command:?} counted nothing: {told}"));
    let printed = String::from_utf8(output.stdout).unwrap();
    (printed, collected.trim().parse().unwrap())
}

fn first_line(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    let output = String::from_utf8_lossy(&output);
    output.lines().next().unwrap_or("unknown").to_owned()
}
