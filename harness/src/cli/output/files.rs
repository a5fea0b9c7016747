//! Every file that a command line names, and whether they go together: no output overwrites what is read, or another
//! output.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::replace::{folder_of, probe, resolve};
use crate::cli::args::{Cli, Command, Common, Doctor, Nightly};
use crate::doctor::workflow_files::WORKFLOWS;
use crate::world::scenario;

/// How the files in a folder end that are read or written there.
type Endings = &'static [&'static str];

const HISTOGRAMS: Endings = &["hlog", "hgrm"];
const ARTIFACTS: Endings = &["json", "xml", "md", "hlog"];
const WORKFLOW: Endings = &["yml", "yaml"];
const MAPPING: Endings = &["json"];

/// The one output that is read back.
const RESUME: &str = "--resume";

/// The files of a command line: all that it reads, and all that it writes.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    written: Vec<Output>,
    written_folders: Vec<(Output, Endings)>,
    read: Vec<PathBuf>,
    read_folders: Vec<(PathBuf, Endings)>,
}

/// An output: the option that names it, and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    option: &'static str,
    path: PathBuf,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.option, self.path.display())
    }
}

/// Outputs that cannot be written, or that would destroy something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("--json - and --markdown - both want stdout, which holds one of them")]
    BothToStdout,
    #[error("{output} cannot be written: {why}")]
    Unwritable { output: Output, why: String },
    #[error("{output} would overwrite {other}: name another file")]
    Overwrites { output: Output, other: String },
    #[error("{other} lies among the files that {folder} writes: name another folder")]
    InFolder { folder: Output, other: String },
}

impl Outputs {
    /// All that this command line names.
    pub(crate) fn of(cli: &Cli) -> Self {
        let mut files = Self::default();
        files.add_common(&cli.common);
        match &cli.command {
            Command::Demo => {}
            Command::Run(run) => {
                files.read_scenarios(&run.paths);
                files.write(RESUME, run.spread.resume.as_ref());
            }
            Command::Replay(replay) => files.read.push(replay.file.clone()),
            Command::Explore(explore) => {
                files.read.push(explore.file.clone());
                files.write("--save", explore.save.as_ref());
                files.write(RESUME, explore.spread.resume.as_ref());
            }
            Command::Load(load) => {
                files.write("--save-baseline", load.save_baseline.as_ref());
                files.write_folder("--histograms", load.histograms.as_ref(), HISTOGRAMS);
            }
            Command::Compare(compare) => files.read.extend([compare.base.clone(), compare.new.clone()]),
            Command::Merge(merge) => files.read.extend(merge.files.iter().cloned()),
            Command::Doctor(doctor) => files.add_doctor(doctor),
            Command::Nightly(nightly) => files.add_nightly(nightly),
        }
        files
    }

    fn add_common(&mut self, common: &Common) {
        self.write("--json", common.json.as_ref());
        self.write("--junit", common.junit.as_ref());
        self.write("--markdown", common.markdown.as_ref());
    }

    fn add_doctor(&mut self, doctor: &Doctor) {
        self.write("--sarif", doctor.sarif.as_ref());
        let named: Vec<_> = doctor.ci.iter().chain(&doctor.matrix).flatten().cloned().collect();
        let asked = doctor.ci.is_some() || doctor.matrix.is_some();
        let workflows = if named.is_empty() && asked { vec![WORKFLOWS.into()] } else { named };
        self.read_folders.extend(workflows.iter().map(|path| (path.clone(), WORKFLOW)));
        self.read.extend(workflows);
        self.read_folders.extend(doctor.mappings.iter().map(|path| (path.clone(), MAPPING)));
    }

    fn add_nightly(&mut self, nightly: &Nightly) {
        self.read_scenarios(&nightly.paths);
        self.read.extend(nightly.base.clone());
        self.write_folder("--artifacts", Some(&nightly.artifacts), ARTIFACTS);
    }

    fn write(&mut self, option: &'static str, path: Option<&PathBuf>) {
        self.written.extend(Output::of(option, path));
    }

    fn write_folder(&mut self, option: &'static str, path: Option<&PathBuf>, endings: Endings) {
        self.written_folders.extend(Output::of(option, path).map(|folder| (folder, endings)));
    }

    /// The scenarios of these files and folders. What cannot be read is said when they are loaded.
    fn read_scenarios(&mut self, paths: &[PathBuf]) {
        self.read.extend(scenario::discover(paths).unwrap_or_default());
    }

    /// Refuses what could not be written in the end, and what would overwrite something, before anything is run.
    pub(crate) fn check(&self) -> Result<(), OutputError> {
        let (to_stdout, to_files): (Vec<_>, Vec<_>) =
            self.written.iter().partition(|output| output.is_stdout());
        if to_stdout.len() > 1 {
            return Err(OutputError::BothToStdout);
        }
        for output in &to_files {
            output.check()?;
        }
        for (folder, _) in &self.written_folders {
            folder.check_folder()?;
        }
        for (at, output) in to_files.iter().enumerate() {
            self.check_against(output, &to_files[..at])?;
        }
        self.check_folders(&to_files)
    }

    /// Whether an output is none of the files that are read, none of those outputs, and not what stdout is sent to.
    fn check_against(&self, output: &Output, others: &[&Output]) -> Result<(), OutputError> {
        let Some(file) = Identity::of(&output.path) else { return Ok(()) };
        let is_it = |path: &Path| Identity::of(path).as_ref() == Some(&file);
        let is_within = |(folder, endings): &(PathBuf, Endings)| {
            output.path.exists() && lies_in(&output.path, folder, endings)
        };
        let other = if let Some(read) = self.read.iter().find(|path| is_it(path)) {
            Some(format!("{}, which is read", read.display()))
        } else if let Some((folder, _)) = self.read_folders.iter().find(|folder| is_within(folder)) {
            Some(format!("a file in {}, which is read", folder.display()))
        } else if let Some(other) = others.iter().find(|other| is_it(&other.path)) {
            Some(format!("{other}, which is the same file"))
        } else {
            (Identity::of_stdout().as_ref() == Some(&file)).then(|| "what goes to stdout".to_owned())
        };
        match other {
            Some(other) => Err(OutputError::Overwrites { output: output.clone(), other }),
            None => Ok(()),
        }
    }

    /// Whether no other file lies in a folder among those that are written there.
    fn check_folders(&self, outputs: &[&Output]) -> Result<(), OutputError> {
        let files = outputs.iter().map(|output| (output.path.as_path(), output.to_string()));
        let read = self.read.iter().map(|path| (path.as_path(), path.display().to_string()));
        for (path, other) in files.chain(read) {
            let folder =
                self.written_folders.iter().find(|(folder, endings)| lies_in(path, &folder.path, endings));
            if let Some((folder, _)) = folder {
                return Err(OutputError::InFolder { folder: folder.clone(), other });
            }
        }
        Ok(())
    }
}

impl Output {
    fn of(option: &'static str, path: Option<&PathBuf>) -> Option<Self> {
        path.map(|path| Self { option, path: path.clone() })
    }

    /// Whether it stands for stdout.
    fn is_stdout(&self) -> bool {
        matches!(self.option, "--json" | "--markdown") && self.path.as_os_str() == "-"
    }

    fn check(&self) -> Result<(), OutputError> {
        let why = if self.path.is_dir() {
            "it is a folder".to_owned()
        } else if self.option == RESUME && self.path.exists() && !self.path.is_file() {
            "it is no file, so nothing can be read back".to_owned()
        } else if !resolve(&self.path).is_ok_and(|path| folder_of(&path).is_dir()) {
            "there is no such folder".to_owned()
        } else {
            match probe(&self.path) {
                Ok(()) => return Ok(()),
                Err(error) => error.to_string(),
            }
        };
        Err(OutputError::Unwritable { output: self.clone(), why })
    }

    /// Whether it is a folder, or could become one.
    fn check_folder(&self) -> Result<(), OutputError> {
        if self.path.exists() && !self.path.is_dir() {
            return Err(OutputError::Unwritable { output: self.clone(), why: "it is a file".to_owned() });
        }
        Ok(())
    }
}

/// Whether two paths lead to one file.
pub(super) fn is_one_file(one: &Path, other: &Path) -> bool {
    Identity::of(one).is_some_and(|file| Identity::of(other) == Some(file))
}

/// Whether a path lies directly or deeper in a folder, and ends like the files there.
fn lies_in(path: &Path, folder: &Path, endings: Endings) -> bool {
    let ends =
        path.extension().is_some_and(|end| endings.iter().any(|ending| end.eq_ignore_ascii_case(ending)));
    let (Ok(path), Ok(folder)) = (resolve(path), folder.canonicalize()) else { return false };
    ends && folder_of(&path).canonicalize().is_ok_and(|place| place.starts_with(folder))
}

/// Which file a path leads to, through all links. Paths of one identity are one file.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// What is there: its device and its number.
    Inode(u64, u64),
    /// What is not there yet.
    Path(PathBuf),
}

impl Identity {
    /// None of a pipe or a device: nothing in it can be overwritten.
    fn of(path: &Path) -> Option<Self> {
        let path = resolve(path).ok()?;
        match fs::metadata(&path) {
            Ok(there) => there.is_file().then(|| Self::of_file(&there)),
            Err(_) => Some(Self::Path(folder_of(&path).canonicalize().ok()?.join(path.file_name()?))),
        }
    }

    fn of_file(there: &Metadata) -> Self {
        Self::Inode(there.dev(), there.ino())
    }

    /// The file that stdout is sent to, if it is one.
    fn of_stdout() -> Option<Self> {
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
        let there = stdout.metadata().ok().filter(Metadata::is_file)?;
        Some(Self::of_file(&there))
    }
}
