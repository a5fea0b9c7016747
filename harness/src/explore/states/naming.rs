//! Symbols: tokens whose owner and number can be read off, and the other namings that results are checked under.

use bytes::Bytes;
use gatecrash_limiter::Reply;

/// A token by its owner and its number among the owner's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Symbol {
    /// Which client, counted within one content; [`Symbol::SELF`] in what is said of a client by itself.
    pub(super) owner: u16,
    pub(super) number: u16,
}

const LENGTH: usize = 13;

impl Symbol {
    /// The owner in what is said of a client by itself.
    pub(super) const SELF: u16 = u16::MAX;

    /// One of a client's own tokens.
    pub(super) fn own(number: u16) -> Self {
        Self { owner: Self::SELF, number }
    }

    /// As a token that [`Symbol::find`] finds, also inside of other text.
    pub(super) fn token(self) -> Bytes {
        format!("~t{:04x}.{:04x}~~", self.owner, self.number).into()
    }

    /// The first symbol in a text, and where it begins.
    fn find(text: &[u8]) -> Option<(usize, Self)> {
        (0..text.len().saturating_sub(LENGTH - 1))
            .find_map(|at| Some((at, Self::read(&text[at..at + LENGTH])?)))
    }

    fn read(text: &[u8]) -> Option<Self> {
        let inner = text.strip_prefix(b"~t")?.strip_suffix(b"~~")?;
        let (owner, number) =
            (std::str::from_utf8(inner.get(..4)?).ok()?, std::str::from_utf8(&inner[5..]).ok()?);
        let hex = |digits| u16::from_str_radix(digits, 16).ok();
        (inner[4] == b'.').then_some(Self { owner: hex(owner)?, number: hex(number)? })
    }

    /// Shows every symbol in a text.
    pub(super) fn each_in(text: &[u8], mut each: impl FnMut(Self)) {
        let mut rest = text;
        while let Some((at, symbol)) = Self::find(rest) {
            each(symbol);
            rest = &rest[at + LENGTH..];
        }
    }
}

/// A text with every symbol written in another way.
pub(super) fn rename(text: &Bytes, name: &mut dyn FnMut(Symbol) -> Bytes) -> Bytes {
    match Symbol::find(text) {
        None => return text.clone(),
        Some((_, symbol)) if text.len() == LENGTH => return name(symbol),
        Some(_) => {}
    }
    let mut renamed = Vec::with_capacity(text.len());
    let mut rest: &[u8] = text;
    while let Some((at, symbol)) = Symbol::find(rest) {
        renamed.extend_from_slice(&rest[..at]);
        renamed.extend_from_slice(&name(symbol));
        rest = &rest[at + LENGTH..];
    }
    renamed.extend_from_slice(rest);
    renamed.into()
}

/// A reply with every symbol written in another way.
pub(super) fn rename_reply(reply: &Reply, name: &mut dyn FnMut(Symbol) -> Bytes) -> Reply {
    match reply {
        Reply::Nil | Reply::Int(_) => reply.clone(),
        Reply::Bulk(text) => Reply::Bulk(rename(text, name)),
        Reply::Status(text) => Reply::Status(rename_text(text, name)),
        Reply::Error(text) => Reply::Error(rename_text(text, name)),
        Reply::Array(items) => Reply::Array(items.iter().map(|item| rename_reply(item, name)).collect()),
    }
}

fn rename_text(text: &str, name: &mut dyn FnMut(Symbol) -> Bytes) -> String {
    String::from_utf8_lossy(&rename(&Bytes::copy_from_slice(text.as_bytes()), name)).into_owned()
}

/// Another way to write symbols, and another order of clients.
pub(super) struct Naming {
    pub(super) token: fn(Symbol) -> Bytes,
    /// The place of a client in a session with the server, among that many clients.
    pub(super) session: fn(u16, u16) -> u16,
}

/// Three namings in which a token's length, characters, last byte and place in the order of bytes are others. No client
/// of a scenario has a name that begins with `_`, so none of these is a token of a client's own making.
pub(super) const OTHERS: [Naming; 3] = [
    // The order of clients the other way round; short.
    Naming {
        token: |symbol| format!("_{}.{}", u16::MAX - symbol.owner, symbol.number).into(),
        session: |client, of| of - 1 - client,
    },
    // As scenarios name them: letters and digits; the first client last.
    Naming {
        token: |symbol| {
            let owner = if symbol.owner == 0 { u16::MAX - 1 } else { symbol.owner };
            let letter = char::from(b'A' + u8::try_from(owner % 26).unwrap_or_default());
            format!("_{letter}{:05}_{}", owner / 26, symbol.number + 1).into()
        },
        session: |client, of| (client + 1) % of,
    },
    // In no order at all: a step of the generator of Steele and Vigna's SplitMix, in hexadecimal.
    Naming { token: |symbol| format!("_{:016x}", scattered(symbol)).into(), session: |client, _| client },
];

fn scattered(symbol: Symbol) -> u64 {
    let mut z =
        (u64::from(symbol.owner) << 16 | u64::from(symbol.number)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_found_inside_of_other_text_and_written_anew() {
        let (a, b) = (Symbol { owner: 1, number: 0 }, Symbol::own(0x1f));
        let text: Bytes = [b"lock:{", &a.token()[..], b"}~t", &b.token()[..]].concat().into();
        let mut seen = Vec::new();
        Symbol::each_in(&text, |symbol| seen.push(symbol));
        assert_eq!(seen, [a, b]);
        let short = rename(&text, &mut |symbol| format!("<{}>", symbol.number).into());
        assert_eq!(short, "lock:{<0>}~t<31>");
        let reply = Reply::Array(vec![Reply::Bulk(b.token()), Reply::Int(1), Reply::Error("ERR no".into())]);
        let same = rename_reply(&reply, &mut Symbol::token);
        assert_eq!(same, reply);
    }

    #[test]
    fn what_only_looks_like_a_symbol_is_none() {
        for text in ["", "~t", "~t0001.0002~", "~t0001:0002~~", "~t000g.0002~~", "~t0001.0002~"] {
            Symbol::each_in(text.as_bytes(), |symbol| panic!("{text}: {symbol:?}"));
        }
    }

    #[test]
    fn other_namings_keep_clients_apart() {
        for naming in OTHERS {
            let symbols = (0..300).flat_map(|owner| (0..3).map(move |number| Symbol { owner, number }));
            let names: std::collections::BTreeSet<Bytes> = symbols.map(naming.token).collect();
            assert_eq!(names.len(), 900);
            let sessions: std::collections::BTreeSet<u16> =
                (0..300).map(|c| (naming.session)(c, 300)).collect();
            assert_eq!(sessions.len(), 300);
        }
    }
}
