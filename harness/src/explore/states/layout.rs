//! An effect laid out in full, so that a store that knows no symbols can be asked about it.

use std::collections::BTreeSet;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

use super::naming::{Symbol, rename, rename_reply};
use crate::model::content::{self, Piece};

/// A content, a command, and what becomes of it. The sender of the command is owner 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EffectLayout {
    pub(crate) before: Vec<Piece>,
    pub(crate) command: Command,
    pub(crate) reply: Reply,
    pub(crate) after: Vec<Piece>,
}

impl EffectLayout {
    /// Every token that is named in it, as its owner and its number among the owner's; none where tokens are no
    /// symbols.
    pub(crate) fn tokens(&self) -> Vec<(u16, u16)> {
        let mut tokens = BTreeSet::new();
        let mut see = |text: &Bytes| {
            Symbol::each_in(text, |symbol| {
                tokens.insert((symbol.owner, symbol.number));
            });
            text.clone()
        };
        for piece in self.before.iter().chain(&self.after) {
            piece.renamed(&mut see, &mut |client| client);
        }
        content::renamed(&self.command, &mut see);
        tokens.into_iter().collect()
    }

    /// The same with every token written in another way.
    pub(crate) fn under(&self, token: impl Fn(u16, u16) -> Bytes) -> Self {
        let mut name = |symbol: Symbol| token(symbol.owner, symbol.number);
        let reply = rename_reply(&self.reply, &mut name);
        let mut name = |text: &Bytes| rename(text, &mut name);
        let mut named = |pieces: &[Piece]| {
            pieces.iter().map(|piece| piece.renamed(&mut name, &mut |client| client)).collect()
        };
        let (before, after) = (named(&self.before), named(&self.after));
        Self { before, command: content::renamed(&self.command, &mut name), reply, after }
    }
}
