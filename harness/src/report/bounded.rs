//! A text that is built of sections and must not grow beyond a bound.

use crate::base::words::{grouped, plural};

/// A job's summary may have 1 MiB, all of its steps' together: what is longer is not shown at all.
pub(crate) const SUMMARY: usize = 900 << 10;

/// Room that is kept for saying what was left out.
const LAST_WORDS: usize = 200;

/// Sections, each of them there as a whole or not at all.
#[derive(Debug)]
pub(crate) struct Bounded {
    text: String,
    bound: usize,
    left_out: usize,
}

impl Bounded {
    /// Nothing yet, and no more than so many bytes.
    pub(crate) fn new(bound: usize) -> Self {
        Self { text: String::new(), bound, left_out: 0 }
    }

    /// Adds a section if there is room for it.
    pub(crate) fn push(&mut self, section: &str) {
        if self.text.len() + section.len() + LAST_WORDS <= self.bound {
            self.text.push_str(section);
        } else {
            self.left_out += 1;
        }
    }

    /// The text, which says how much is not in it.
    pub(crate) fn finish(mut self) -> String {
        if self.left_out > 0 {
            let (sections, most) = (plural(self.left_out, "section"), grouped(self.bound >> 10));
            let line =
                format!("\n**{sections} left out**: a summary of more than {most} KiB is not shown.\n");
            self.text.push_str(&line);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_there_as_a_whole_or_not_at_all() {
        let mut bounded = Bounded::new(4 << 10);
        for size in [2_000, 3_000, 1_000, 2_000] {
            bounded.push(&format!("{}\n", "x".repeat(size)));
        }
        let text = bounded.finish();
        let lines: Vec<usize> = text.lines().map(str::len).collect();
        assert_eq!(lines[..2], [2_000, 1_000]);
        let last = "\n**2 sections left out**: a summary of more than 4 KiB is not shown.\n";
        assert!(text.ends_with(last) && text.len() <= 4 << 10);
    }

    #[test]
    fn where_all_fits_nothing_is_said() {
        let mut bounded = Bounded::new(SUMMARY);
        bounded.push("a\n");
        assert_eq!(bounded.finish(), "a\n");
    }
}
