//! The doctor: what is wrong before anything runs, each finding with its place and its fix.
//!
//! Whoever looked at something pushes [`Finding`] values into a [`Diagnosis`]; [`text`], [`json`] and [`sarif`] each
//! turn it into one format. An error or a warning is certain; what is only likely is a note.
//!
//! The files, each built on those before it:
//!
//! - `finding`, [`catalogue`]: what is told, and what each rule says and why.
//! - [`input`], [`yaml`], `json_lines`, [`shell`]: text to trees and commands, within bounds.
//! - [`workflow`], [`endpoint`], `programs`: what a workflow means.
//! - [`rules`], [`matrix`], [`mappings`], [`stubs`], [`workflow_files`]: `--ci`, `--matrix` and `--mappings`.
//! - [`server`], [`leftovers`], [`machine`], [`surroundings`]: what `doctor` by itself looks at.
//! - `diagnosis`, then [`text`], [`json`], [`sarif`], [`annotations`]: all of it in one order, and in each format.
//!
//! ```
//! use gatecrash::doctor::{Diagnosis, Finding, Severity, text};
//! use gatecrash::base::exit::Exit;
//!
//! let finding = Finding {
//!     file: Some("ci.yml".into()),
//!     line: Some(7),
//!     ..Finding::new("redis-from-secret", Severity::Error, "the service is not used", "set REDIS_URL")
//! };
//! let diagnosis = Diagnosis::new(vec![finding]);
//! assert!(text::render(&diagnosis, &text::TextOptions::default()).starts_with("ci.yml:7: error: the service"));
//! assert_eq!(Exit::from(&diagnosis), Exit::Failed);
//! ```

pub mod annotations;
pub mod catalogue;
mod diagnosis;
pub mod endpoint;
mod finding;
pub mod input;
pub mod json;
mod json_lines;
pub mod leftovers;
pub mod machine;
pub mod mappings;
pub mod matrix;
mod programs;
pub mod rules;
pub mod sarif;
pub mod server;
pub mod shell;
pub mod stubs;
pub mod surroundings;
pub mod text;
pub mod workflow;
pub mod workflow_files;
pub mod yaml;

pub use diagnosis::Diagnosis;
pub use finding::{Fact, Finding, Severity};

/// The JSON Schema that every document of [`json`] satisfies.
pub const SCHEMA: &str = include_str!("../schema/doctor.schema.json");
