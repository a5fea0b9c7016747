//! `${{ }}` in texts.

/// Whether the text has no expression: what is written is what it is.
pub fn is_certain(text: &str) -> bool {
    !text.contains("${{")
}

/// The text with `replacement` for each expression, and the expressions' own texts.
pub fn without_expressions<'a>(text: &'a str, replacement: &str) -> (String, Vec<&'a str>) {
    let (mut kept, mut expressions, mut rest) = (String::new(), Vec::new(), text);
    while let Some(start) = rest.find("${{") {
        kept.push_str(&rest[..start]);
        kept.push_str(replacement);
        let inner = &rest[start + 3..];
        let end = inner.find("}}").unwrap_or(inner.len());
        expressions.push(inner[..end].trim());
        rest = inner.get(end + 2..).unwrap_or_default();
    }
    kept.push_str(rest);
    (kept, expressions)
}
