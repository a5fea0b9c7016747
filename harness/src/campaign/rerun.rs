//! The command lines that show a result again.

use super::subject::Subject;
use crate::report::StoreKind;

/// One schedule again, on the same store. What loom found is replayed on the model.
pub(super) fn replay_command(subject: &Subject<'_>, order: &str, store: StoreKind) -> String {
    let on = if store == StoreKind::Redis { " --on redis" } else { "" };
    format!("gatecrash replay {} --order {}{on}", common(subject), quoted(order))
}

/// The exploration again, on the same store.
pub(super) fn explore_command(subject: &Subject<'_>, store: StoreKind) -> String {
    format!("gatecrash explore {}{} --on {store}", common(subject), subject.searched)
}

fn common(subject: &Subject<'_>) -> String {
    let file = match &subject.scenario.path {
        Some(path) => path.to_string_lossy().into_owned(),
        None => format!("{}.toml", subject.scenario.name),
    };
    let expect = match subject.expected {
        Some(crate::world::scenario::Expected::Violation) => " --expect violation",
        Some(crate::world::scenario::Expected::Clean) => " --expect clean",
        None => "",
    };
    format!("{} --limiter {}{}{expect}", quoted(&file), quoted(subject.limiter.name()), subject.resized)
}

/// As a POSIX shell reads it back. Double quotes where they are enough, as in the documentation.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.contains(['"', '\\', '$', '`', '!']) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        format!("\"{text}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in
            ["A", "A B A B", "", "it's", "a\"b", "$HOME", "A!crash B", "scenarios/last-slot.toml", "a`b\\c"]
        {
            let output = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!("printf %s {}", quoted(text)))
                .output()
                .expect("there is a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
    }
}
