//! Tells the program which commit it is built from, for `--version --verbose`.
//!
//! Only a release asks git: other builds would be made anew with every commit. A crate's package has a file of cargo's
//! instead, and a source tree that knows no commit does without.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if let Some(commit) = is_release.then(|| packaged().or_else(checked_out)).flatten() {
        println!("cargo::rustc-env=GATECRASH_COMMIT={commit}");
    }
}

/// The commit that `cargo package` noted.
fn packaged() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, after) = text.split_once("\"sha1\": \"")?;
    after.split_once('"').map(|(commit, _)| commit.to_owned())
}

/// The commit of this repository's own checkout, and whether files differ from it. A repository that the sources merely
/// lie in says nothing.
fn checked_out() -> Option<String> {
    if !Path::new("../.git").exists() {
        return None;
    }
    for changed in [git(&["rev-parse", "--git-path", "logs/HEAD"])?.as_str(), "src", "../limiter/src"] {
        println!("cargo::rerun-if-changed={changed}");
    }
    git(&["describe", "--always", "--dirty", "--exclude=*", "--abbrev=40"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
