//! What the store holds, taken apart by owner, and what commands do to it.

use std::collections::BTreeSet;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::layout::EffectLayout;
use super::naming::{Naming, OTHERS, Symbol, rename, rename_reply};
use super::{Asymmetry, number};
use crate::model::Model;
use crate::model::content::{self, Piece};
use crate::world::schedule::ClientId;

/// The role of a client in whose name the store holds nothing.
pub(super) const NO_ROLE: u32 = 0;

type Interned<T> = IndexSet<T, FxBuildHasher>;

/// All contents that were met, and what commands did to them.
#[derive(Debug)]
pub(super) struct Contents {
    /// Lends its clock.
    model: Model,
    /// Whether tokens are symbols.
    symbols: bool,
    /// What the store holds in nobody's name.
    residues: Interned<Vec<Piece>>,
    /// What it holds in one client's name. Sessions are of client [`Symbol::SELF`].
    roles: Interned<Vec<Piece>>,
    /// A residue, then each role with the number of clients that have it, in the order of roles.
    keys: Interned<Box<[u32]>>,
    commands: Interned<Command>,
    effects: FxHashMap<(u32, u32, u32), u32>,
    computed: Vec<StoreEffect>,
}

/// What a command does to a content.
#[derive(Clone, Debug)]
pub(crate) struct StoreEffect {
    /// The content, the command and the role of the client that sends it, as numbers.
    pub(crate) content: u32,
    pub(crate) command: u32,
    pub(crate) role: u32,
    pub(crate) reply: Reply,
    /// The residue then.
    pub(crate) residue: u32,
    /// What the store then holds in the client's name.
    pub(crate) own: Vec<Piece>,
    /// The roles of other clients that it changes, each with what it becomes.
    pub(crate) others: Vec<(u32, u32)>,
    /// The commands that ran, those of scripts included.
    pub(crate) ran: BTreeSet<&'static str>,
}

impl Contents {
    /// The content of a model, in which nobody has a role yet; and its residue.
    pub(super) fn new(model: Model, symbols: bool) -> (Self, u32) {
        let residue = model.pieces();
        let mut contents = Self {
            model,
            symbols,
            residues: Interned::default(),
            roles: Interned::default(),
            keys: Interned::default(),
            commands: Interned::default(),
            effects: FxHashMap::default(),
            computed: Vec::new(),
        };
        contents.role(Vec::new());
        let residue = number(contents.residues.insert_full(residue).0);
        (contents, residue)
    }

    /// The number of a role.
    pub(super) fn role(&mut self, mut pieces: Vec<Piece>) -> u32 {
        pieces.sort_unstable();
        number(self.roles.insert_full(pieces).0)
    }

    pub(super) fn command(&mut self, command: Command) -> u32 {
        number(self.commands.insert_full(command).0)
    }

    /// The number of a content.
    pub(super) fn content(&mut self, key: &[u32]) -> u32 {
        self.known_content(key).unwrap_or_else(|| number(self.keys.insert_full(key.into()).0))
    }

    /// The number of a content that was met before.
    pub(super) fn known_content(&self, key: &[u32]) -> Option<u32> {
        self.keys.get_index_of(key).map(number)
    }

    /// What a command does to a content when a client sends it that has that role.
    pub(super) fn effect(
        &mut self,
        content: u32,
        command: u32,
        role: u32,
        client: ClientId,
    ) -> Result<&StoreEffect, Asymmetry> {
        let key = self.effect_key(content, command, role, client);
        if let Some(at) = self.effects.get(&key) {
            return Ok(&self.computed[*at as usize]);
        }
        let effect = self.compute(content, command, role, client)?;
        let at = self.computed.len();
        self.computed.push(effect);
        self.effects.insert(key, number(at));
        Ok(&self.computed[at])
    }

    /// Every effect that was computed.
    pub(super) fn effects(&self) -> &[StoreEffect] {
        &self.computed
    }

    /// What the store holds, the sender first among the owners, under that naming; and how many owners there are.
    fn pieces(&self, content: u32, role: u32) -> (Vec<Piece>, u16) {
        let key = &self.keys[content as usize];
        let mut pieces = self.residues[key[0] as usize].clone();
        if !self.symbols {
            return (pieces, 1);
        }
        let mut owner = 0;
        pieces.extend(self.owned(role, 0));
        for role_and_count in key[1..].chunks_exact(2) {
            let own = u32::from(role_and_count[0] == role);
            for _ in own..role_and_count[1] {
                owner += 1;
                pieces.extend(self.owned(role_and_count[0], owner));
            }
        }
        (pieces, owner + 1)
    }

    /// The roles of the owners, in the order in which [`Contents::pieces`] numbers them.
    fn owners(&self, content: u32, role: u32) -> Vec<u32> {
        let mut owners = vec![role];
        for role_and_count in self.keys[content as usize][1..].chunks_exact(2) {
            let own = u32::from(role_and_count[0] == role);
            owners.extend((own..role_and_count[1]).map(|_| role_and_count[0]));
        }
        owners
    }

    /// The pieces of a role as one owner's.
    fn owned(&self, role: u32, owner: u16) -> impl Iterator<Item = Piece> {
        self.roles[role as usize].iter().map(move |piece| given(piece, owner))
    }

    fn compute(
        &mut self,
        content: u32,
        command: u32,
        role: u32,
        client: ClientId,
    ) -> Result<StoreEffect, Asymmetry> {
        let template = &self.commands[command as usize].clone();
        let (before, owners) = self.pieces(content, role);
        let sent = if self.symbols { sent_by(template, 0) } else { template.clone() };
        let session = if self.symbols { ClientId(0) } else { client };
        let mut model = self.model.holding(before.iter().cloned());
        let (reply, notes) = model.run_with_notes(session, &sent);
        let after = model.pieces();
        if !self.symbols {
            let residue = number(self.residues.insert_full(after).0);
            let (own, others) = (Vec::new(), Vec::new());
            return Ok(StoreEffect {
                content,
                command,
                role,
                reply,
                residue,
                own,
                others,
                ran: notes.commands,
            });
        }
        if notes.order_read {
            return Err(Asymmetry(format!("`{template}` reads an order that only tokens decide")));
        }
        for naming in OTHERS {
            let under = |pieces: &[Piece]| pieces.iter().map(|piece| named(piece, &naming, owners)).collect();
            let pieces: Vec<Piece> = under(&before);
            let mut other = self.model.holding(pieces);
            let mut name = |symbol| (naming.token)(symbol);
            let sent = content::renamed(&sent, &mut |text| rename(text, &mut name));
            let other_reply = other.run(ClientId((naming.session)(0, owners)), &sent);
            let expected: Vec<Piece> = under(&after);
            if other_reply != rename_reply(&reply, &mut name) || other.holding(expected) != other {
                return Err(Asymmetry(format!("what `{template}` does depends on tokens")));
            }
        }
        let reply = own_reply(&reply, template)?;
        let (residue, mut roles) = by_owner(after, owners)?;
        let residue = number(self.residues.insert_full(residue).0);
        let own = std::mem::take(&mut roles[0]);
        let others = self.others(content, role, roles, template)?;
        Ok(StoreEffect { content, command, role, reply, residue, own, others, ran: notes.commands })
    }

    /// What the other owners' roles have become, which must be the same for all that had the same.
    fn others(
        &mut self,
        content: u32,
        role: u32,
        after: Vec<Vec<Piece>>,
        template: &Command,
    ) -> Result<Vec<(u32, u32)>, Asymmetry> {
        let mut changes: Vec<(u32, u32)> = Vec::new();
        let owners = self.owners(content, role);
        for (before, pieces) in owners.into_iter().zip(after).skip(1) {
            let after = self.role(pieces);
            match changes.iter().find(|(known, _)| *known == before) {
                None => changes.push((before, after)),
                Some((_, known)) if *known == after => {}
                Some(_) => {
                    return Err(Asymmetry(format!(
                        "`{template}` treats clients alike that are not treated alike"
                    )));
                }
            }
        }
        changes.retain(|(before, after)| before != after);
        Ok(changes)
    }

    /// The number among [`Contents::effects`] of one that was computed.
    pub(super) fn known_effect(
        &self,
        content: u32,
        command: u32,
        role: u32,
        client: ClientId,
    ) -> Option<u32> {
        self.effects.get(&self.effect_key(content, command, role, client)).copied()
    }

    /// Without symbols the session is the client's own, and nothing else tells clients apart.
    fn effect_key(&self, content: u32, command: u32, role: u32, client: ClientId) -> (u32, u32, u32) {
        (content, command, if self.symbols { role } else { client.0.into() })
    }

    /// The roles of the owners in the layout of an effect.
    pub(super) fn owners_of(&self, effect: &StoreEffect) -> Vec<u32> {
        if self.symbols { self.owners(effect.content, effect.role) } else { Vec::new() }
    }

    /// An effect in full, under symbols.
    pub(super) fn laid_out(&self, effect: &StoreEffect) -> EffectLayout {
        let template = &self.commands[effect.command as usize];
        let before = self.pieces(effect.content, effect.role).0;
        let mut after = self.residues[effect.residue as usize].clone();
        if !self.symbols {
            return EffectLayout { before, command: template.clone(), reply: effect.reply.clone(), after };
        }
        after.extend(effect.own.iter().map(|piece| given(piece, 0)));
        for (owner, role) in (0..).zip(self.owners_of(effect)).skip(1) {
            let changed = effect.others.iter().find(|(before, _)| *before == role);
            after.extend(self.owned(changed.map_or(role, |(_, after)| *after), owner));
        }
        let reply = rename_reply(&effect.reply, &mut |symbol| Symbol { owner: 0, ..symbol }.token());
        EffectLayout { before, command: sent_by(template, 0), reply, after }
    }

    /// Makes the model lie about an effect.
    #[cfg(test)]
    pub(super) fn effect_mut(&mut self, at: usize) -> &mut StoreEffect {
        &mut self.computed[at]
    }
}

/// A command of a client as that of one owner.
fn sent_by(template: &Command, owner: u16) -> Command {
    content::renamed(template, &mut |text| owned_text(text, owner))
}

fn owned_text(text: &Bytes, owner: u16) -> Bytes {
    rename(text, &mut |symbol| Symbol { owner, ..symbol }.token())
}

/// A role's piece as that of one owner.
fn given(piece: &Piece, owner: u16) -> Piece {
    piece.renamed(&mut |text| owned_text(text, owner), &mut |_| ClientId(owner))
}

/// A piece under another naming.
fn named(piece: &Piece, naming: &Naming, owners: u16) -> Piece {
    piece.renamed(&mut |text| rename(text, &mut |symbol| (naming.token)(symbol)), &mut |client| {
        ClientId((naming.session)(client.0, owners))
    })
}

/// The reply with the sender's tokens as its own. No other client may be named in it.
fn own_reply(reply: &Reply, template: &Command) -> Result<Reply, Asymmetry> {
    let mut foreign = false;
    let own = rename_reply(reply, &mut |symbol| {
        foreign |= symbol.owner != 0;
        Symbol { owner: Symbol::SELF, ..symbol }.token()
    });
    if foreign {
        Err(Asymmetry(format!("the reply to `{template}` names another client's token")))
    } else {
        Ok(own)
    }
}

/// Pieces by their owner: what is nobody's, and what is each owner's, as its own.
fn by_owner(pieces: Vec<Piece>, owners: u16) -> Result<(Vec<Piece>, Vec<Vec<Piece>>), Asymmetry> {
    let mut residue = Vec::new();
    let mut roles = vec![Vec::new(); owners.into()];
    for piece in pieces {
        let mut owner = piece.session().map(|client| client.0);
        let mut shared = false;
        let own = piece.renamed(
            &mut |text| {
                Symbol::each_in(text, |symbol| shared |= *owner.get_or_insert(symbol.owner) != symbol.owner);
                owned_text(text, Symbol::SELF)
            },
            &mut |_| ClientId(Symbol::SELF),
        );
        match owner {
            _ if shared => return Err(Asymmetry("one entry of the store names two clients' tokens".into())),
            Some(owner) => roles[usize::from(owner)].push(own),
            None => residue.push(piece),
        }
    }
    Ok((residue, roles))
}
