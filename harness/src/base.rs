//! What everything else stands on, and what knows nothing of limiters. No file needs another, but for `words`, which
//! shows a `count`.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `exit` | exit codes, and which one wins |
//! | `diagnostic` | what is wrong in a text, with its place and a suggestion |
//! | `duration`, `share` | what command lines and scenarios write: `30s`, `2/7` |
//! | `count`, `draws` | exact counts; random draws that are the same everywhere |
//! | `bounded_read`, `threads` | files up to a size, and why one cannot be had; whether threads can be had |
//! | `words`, `escape`, `quote` | numbers, times and foreign text: for people, for Markdown, for a shell |

pub mod bounded_read;
pub mod count;
pub mod diagnostic;
pub(crate) mod draws;
pub mod duration;
pub(crate) mod escape;
pub mod exit;
pub(crate) mod quote;
pub mod share;
pub(crate) mod threads;
pub(crate) mod words;
