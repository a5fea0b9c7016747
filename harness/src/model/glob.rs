//! Redis's glob patterns: `*`, `?`, `[abc]`, `[^a-z]` and `\` before a literal byte.

/// Whether the whole of `text` matches.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    if first == b'*' {
        return (0..=text.len()).any(|skipped| matches(rest, &text[skipped..]));
    }
    let Some((&byte, text)) = text.split_first() else {
        return false;
    };
    match first {
        b'?' => matches(rest, text),
        b'[' => {
            let (hit, rest) = class(rest, byte);
            hit && matches(rest, text)
        }
        b'\\' if !rest.is_empty() => rest[0] == byte && matches(&rest[1..], text),
        literal => literal == byte && matches(rest, text),
    }
}

/// Whether `byte` is in the class that `pattern` goes on with, and what follows the class.
fn class(pattern: &[u8], byte: u8) -> (bool, &[u8]) {
    let (negated, mut rest) = match pattern.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let mut hit = false;
    loop {
        match *rest {
            [] => break,
            [b']', ..] => {
                rest = &rest[1..];
                break;
            }
            [b'\\', escaped, ..] => {
                hit |= escaped == byte;
                rest = &rest[2..];
            }
            [from, b'-', to, ..] => {
                hit |= (from.min(to)..=from.max(to)).contains(&byte);
                rest = &rest[3..];
            }
            [one, ..] => {
                hit |= one == byte;
                rest = &rest[1..];
            }
        }
    }
    (hit != negated, rest)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a?c", "ac", false),
            ("[^a-c]x", "dx", true),
            ("[^a-c]x", "bx", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[a", "a", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
