//! Text as a shell reads it back.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One word of a command line, on one line. Double quotes where they are enough, as in the documentation; `$'...'` for
/// what would not survive as it is, such as a newline.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/+=:@%,".contains(c);
    if text.chars().any(char::is_control) {
        Cow::Owned(escaped(text))
    } else if !text.is_empty() && text.chars().all(plain) {
        Cow::Borrowed(text)
    } else if text.contains(['"', '\\', '$', '`', '!']) {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    } else {
        Cow::Owned(format!("\"{text}\""))
    }
}

fn escaped(text: &str) -> String {
    let mut quoted = String::from("$'");
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Octal, as its length is bounded: a digit may follow.
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::quoted;

    /// What a shell makes of it.
    fn read_back(shell: &str, text: &str) -> Option<String> {
        let line = format!("printf %s {}", quoted(text));
        let output = std::process::Command::new(shell).arg("-c").arg(line).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in
            ["A", "A B A B", "", "it's", "a\"b", "$HOME", "A!crash B", "scenarios/last-slot.toml", "a`b\\c"]
        {
            assert_eq!(read_back("sh", text).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_newline_survives_on_one_line() {
        assert_eq!(quoted("one\ntwo.toml"), r"$'one\ntwo.toml'");
        for text in ["one\ntwo", "it's\n\\1", "a\u{7}1", "\u{85}x", "tab\tand return\r"] {
            assert!(!quoted(text).contains(char::is_control), "{text:?}");
            // Not every `sh` knows it; where there is no bash, the line above has to do.
            if let Some(read) = read_back("bash", text) {
                assert_eq!(read, text);
            }
        }
    }
}
