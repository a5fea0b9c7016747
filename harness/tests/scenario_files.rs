//! Files and folders: what is found, what is refused, and that all scenarios that are shipped load.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatecrash::base::bounded_read::PathError;
use gatecrash::world::scenario::{self, Expected, LoadError, OnReject, OperationKind, Property};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

#[test]
fn every_shipped_scenario_loads_and_is_explored() {
    let paths = scenario::discover(&[shipped()]).unwrap();
    assert!(paths.len() >= 5);
    for path in paths {
        let scenario = scenario::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(!scenario.schedules.is_empty(), "{}", scenario.name);
        let explore = scenario.explore.expect("explored");
        assert_eq!(explore.get("naive"), Some(&Expected::Violation), "{}", scenario.name);
        assert_eq!(explore.get("atomic"), Some(&Expected::Clean), "{}", scenario.name);
    }
}

#[test]
fn the_last_slot_is_read_as_it_is_written() {
    let path = shipped().join("last-slot.toml");
    let scenario = scenario::load(&path).unwrap();
    assert_eq!(scenario.name, "last-slot");
    assert_eq!(scenario.path.as_deref(), Some(path.as_path()));
    assert_eq!(scenario.title, "Two workers take the last slot");
    assert_eq!(scenario.why, "PIN-045: ZCARD by both before either ZADD");
    assert_eq!(scenario.limit, 1);
    let limiters: Vec<_> = scenario.limiters.iter().map(|limiter| limiter.name()).collect();
    assert_eq!(limiters, ["naive", "atomic"]);
    assert_eq!(scenario.client_names(), ["A", "B"]);
    assert_eq!(scenario.clients[1].program, [OperationKind::Acquire, OperationKind::Release]);
    assert_eq!((scenario.on_reject, scenario.repeat, scenario.key.as_str()), (OnReject::Stop, 1, "slots"));
    assert_eq!(
        (scenario.lease, scenario.properties.as_slice()),
        (None::<Duration>, &[Property::OverAdmission][..])
    );
    assert_eq!(scenario.schedules[0].name, "both check before either adds");
    assert_eq!(scenario.schedules[0].order.display(&scenario.client_names()).to_string(), "A B A B");
    assert_eq!(scenario.schedules[0].expect.get("naive"), Some(&Expected::Violation));
}

/// A folder with these empty files in it.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    folder
}

fn discover(folder: &Path) -> Vec<String> {
    let relative = |path: PathBuf| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    scenario::discover(&[folder.to_owned()]).unwrap().into_iter().map(relative).collect()
}

#[test]
fn folders_are_searched_in_byte_order() {
    let folder =
        folder(&["b.toml", "a/z.toml", "a.toml", ".hidden/c.toml", "B.toml", "a/notes.md", "a-b.toml"]);
    let expected = [".hidden/c.toml", "B.toml", "a-b.toml", "a.toml", "a/z.toml", "b.toml"];
    assert_eq!(discover(folder.path()), expected);
}

#[cfg(unix)]
#[test]
fn links_do_not_loop_and_nothing_is_taken_twice() {
    let folder = folder(&["a/x.toml", "b/y.toml"]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("b/loop")).unwrap();
    std::os::unix::fs::symlink("../a", folder.path().join("b/again")).unwrap();
    assert_eq!(discover(folder.path()), ["a/x.toml", "b/y.toml"]);

    let file = folder.path().join("a/x.toml");
    let paths = [folder.path().to_owned(), file.clone(), folder.path().join("b/../a/x.toml")];
    assert_eq!(scenario::discover(&paths).unwrap(), [file, folder.path().join("b/y.toml")]);
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_an_error() {
    let folder = folder(&[]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("x.toml")).unwrap();
    let error = scenario::discover(&[folder.path().to_owned()]).unwrap_err();
    assert!(matches!(error, LoadError::Path(PathError::Missing(_))), "{error}");
}

#[test]
fn two_files_of_one_name_are_an_error_that_names_both() {
    let folder = folder(&["a/same.toml", "b/same.toml"]);
    let error = scenario::discover(&[folder.path().to_owned()]).unwrap_err().to_string();
    for part in ["`same`", "a/same.toml", "b/same.toml"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = folder(&["empty.toml"]);
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let load = |path: &Path| scenario::load(path).unwrap_err();

    let missing = folder.path().join("missing.toml");
    assert!(matches!(load(&missing), LoadError::Path(PathError::Missing(path)) if path == missing));
    assert!(matches!(scenario::discover(&[missing]).unwrap_err(), LoadError::Path(PathError::Missing(_))));
    assert!(matches!(load(folder.path()), LoadError::Folder(_)));
    assert!(matches!(
        load(&write("latin1.toml", b"title = \"\xe4\"")),
        LoadError::Path(PathError::NotText { at: 9, .. })
    ));
    assert!(matches!(
        load(&write("large.toml", &vec![b'#'; (1 << 20) + 1])),
        LoadError::Path(PathError::TooLarge { .. })
    ));
    assert!(matches!(load(&write("full.toml", &vec![b'#'; 1 << 20])), LoadError::Invalid(_)));
    assert!(matches!(load(&folder.path().join("empty.toml")), LoadError::Invalid(_)));
}
