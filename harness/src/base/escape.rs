//! Foreign text inside Markdown: what it says is shown, and nothing that it could mean to a renderer happens.

/// A sentence. It can stand in a paragraph, in an item of a list and in a cell of a table.
pub(crate) fn sentence(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    let mut escaped = String::with_capacity(text.len() + 8);
    let number = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    for (at, c) in text.char_indices() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // What would begin a list or underline a heading does so at the start only.
            '-' | '+' | '=' if at == 0 => escaped.extend(['\\', c]),
            '.' | ')' if at == number && number > 0 && ends_word(&text[at + 1..]) => {
                escaped.extend(['\\', c]);
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' | '!' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

fn ends_word(rest: &str) -> bool {
    rest.chars().next().is_none_or(char::is_whitespace)
}

/// A name or a command, as code. It can stand in the same places.
pub(crate) fn code(text: &str) -> String {
    let plain = |c: char| !c.is_control() && !matches!(c, '`' | '|');
    if !text.is_empty() && text.trim() == text && text.chars().all(plain) {
        return format!("`{text}`");
    }
    // In a span of backticks neither of the two can be escaped everywhere.
    format!("<code>{}</code>", sentence(text))
}

/// A block of code, in a fence that is longer than any in it.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_text_says_is_shown_and_nothing_else_happens() {
        let shown = |text| sentence(text);
        assert_eq!(
            shown("B counts 2 < 3, so both find it free."),
            "B counts 2 &lt; 3, so both find it free."
        );
        assert_eq!(shown("<img src=x onerror=alert(1)>"), "&lt;img src=x onerror=alert(1)&gt;");
        assert_eq!(shown("[a](b) *c* _d_ `e` | #1 &amp;"), r"\[a\](b) \*c\* \_d\_ \`e\` \| \#1 &amp;amp;");
        assert_eq!(shown("1. one\n2. two"), r"1\. one 2. two");
        assert_eq!(shown("- item"), r"\- item");
        assert_eq!(shown("1.5 a-b"), "1.5 a-b");
    }

    #[test]
    fn code_is_a_span_where_that_holds_it() {
        assert_eq!(code("A B* <!>"), "`A B* <!>`");
        assert_eq!(code("a`b|c"), r"<code>a\`b\|c</code>");
        assert_eq!(code(" a"), "<code>a</code>");
        assert_eq!(code(""), "<code></code>");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("sh", "a\n"), "```sh\na\n```\n");
        assert_eq!(fenced("text", "```\nb"), "````text\n```\nb\n````\n");
    }
}
