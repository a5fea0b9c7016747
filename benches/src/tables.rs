//! What benchmarks that print tables share.

/// How a benchmark was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// By `cargo bench`: for figures.
    Full,
    /// By `cargo test`, which runs benchmarks too: to see that it works.
    Smoke,
    /// To be left alone: tests are listed, or another benchmark is meant.
    Not,
}

/// How the benchmark of that name was called.
pub fn called(name: &str) -> Called {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    if has("--list") || filter.is_some_and(|filter| !name.contains(filter.as_str())) {
        return Called::Not;
    }
    // cargo passes this for `cargo bench`, and does not for `cargo test`.
    if has("--bench") && !has("--test") { Called::Full } else { Called::Smoke }
}

/// What is said before tables of a run that measures nothing.
pub const SMOKE: &str =
    "a test that this works, whose figures mean nothing: use `cargo bench` for real ones\n";
