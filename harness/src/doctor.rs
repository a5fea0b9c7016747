//! The doctor: what is wrong before anything runs, each finding with its place and its fix.
//!
//! Whoever looked at something pushes [`Finding`] values into a [`Diagnosis`]; [`text`], [`json`] and [`sarif`] each
//! turn it into one format. An error or a warning is certain; what is only likely is a note.
//!
//! ```
//! use gatecrash::doctor::{Diagnosis, Finding, Level, text};
//! use gatecrash::base::exit::Exit;
//!
//! let finding = Finding {
//!     file: Some("ci.yml".into()),
//!     line: Some(7),
//!     ..Finding::new("redis-from-secret", Level::Error, "the service is not used", "set REDIS_URL")
//! };
//! let diagnosis = Diagnosis::new(vec![finding]);
//! assert!(text::render(&diagnosis, &text::Options::default()).starts_with("ci.yml:7: error: the service"));
//! assert_eq!(Exit::from(&diagnosis), Exit::Failed);
//! ```

pub mod annotations;
mod diagnosis;
pub mod endpoint;
mod finding;
pub mod input;
pub mod json;
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
