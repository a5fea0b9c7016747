//! Redis's glob patterns: `*`, `?`, `[abc]`, `[^a-z]` and `\` before a literal byte.
//!
//! A pattern is matched from left to right. Where it fails after a `*`, that star takes one byte more and the rest is
//! tried again. Only the last star has to give way: whatever an earlier one could take besides, the last one can take
//! as well. So the time is at most the product of the two lengths, however many stars there are.

/// Whether the whole of `text` matches.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // In the empty text, Redis finds what the empty pattern and `*` find, but not `**`.
    if text.is_empty() {
        return matches!(pattern, b"" | b"*");
    }
    let (mut pattern, mut text) = (pattern, text);
    // What follows the last star, and what is left once that has taken one byte more.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix(b"*") {
            pattern = rest;
            star = Some((rest, text));
            continue;
        }
        if let Some(rest) = one(pattern, text) {
            (pattern, text) = (rest, &text[1..]);
            continue;
        }
        if pattern.is_empty() && text.is_empty() {
            return true;
        }
        let Some((after, [_, left @ ..])) = star else { return false };
        star = Some((after, left));
        (pattern, text) = (after, left);
    }
}

/// What is left of a pattern, which begins with no star, if its first element matches the first byte.
fn one<'a>(pattern: &'a [u8], text: &[u8]) -> Option<&'a [u8]> {
    let (&first, rest) = pattern.split_first()?;
    let byte = *text.first()?;
    let (hit, rest) = match first {
        b'?' => (true, rest),
        b'[' => class(rest, byte),
        b'\\' if !rest.is_empty() => (rest[0] == byte, &rest[1..]),
        literal => (literal == byte, rest),
    };
    hit.then_some(rest)
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
            [b'\\', escaped, ..] => {
                hit |= escaped == byte;
                rest = &rest[2..];
            }
            [b']', ..] => {
                rest = &rest[1..];
                break;
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
    use super::*;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "", false),
            ("**", "a", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcb", false),
            ("a*bc*d", "abcbcxd", true),
            ("a?c", "ac", false),
            ("*?", "", false),
            ("[^a-c]x", "dx", true),
            ("[^a-c]x", "bx", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("\\", "\\", true),
            ("[a", "a", true),
            ("[", "a", false),
            ("[z-a]", "m", true),
            ("[a-", "-", true),
            ("[\\]]", "]", true),
            ("[^]a", "xa", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    /// With the star tried at every place again, this would take longer than the universe is old.
    #[test]
    fn many_stars_take_no_longer_than_one() {
        let pattern = [b"*a".repeat(1_000), b"*b".to_vec()].concat();
        assert!(!matches(&pattern, &vec![b'a'; 2_000]));
        assert!(matches(&pattern[..2_000], &vec![b'a'; 2_000]));
    }
}
