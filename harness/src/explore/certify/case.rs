//! One case: the commands that put a content on a server, send the command in question, and read back what is there
//! then; each with the reply that the model expects.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::algorithm::sha1_hex;
use gatecrash_limiter::{Command, Reply};

use crate::explore::states::EffectLayout;
use crate::model::content::Piece;
use crate::model::{Model, key_positions};
use crate::world::schedule::ClientId;

/// A client of the model that has no session.
const NOBODY: ClientId = ClientId(0);

/// A case, under the tokens that its layout has.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) questions: Vec<Question>,
    /// Where among them the command in question is.
    pub(super) asked: usize,
    /// All keys that there can be, as far as the model knows.
    pub(super) keys: Vec<Bytes>,
    /// The least time for which a key of it lives.
    pub(super) lives: Option<Duration>,
}

/// A command, and what the model says of the reply.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) command: Command,
    pub(super) expected: ExpectedReply,
}

/// What the model says of a reply.
#[derive(Debug)]
pub(super) enum ExpectedReply {
    /// It is exactly this.
    Reply(Reply),
    /// It is this array, in chunks of so many, but for the order of the chunks.
    AnyOrder(Reply, usize),
    /// It is so many milliseconds, less the time that has passed.
    Milliseconds(u64),
    /// It names an encoding, of which the model knows nothing.
    Encoding,
}

impl Case {
    /// What there is to ask about a layout, on a model whose clock stands at the epoch.
    pub(super) fn new(layout: &EffectLayout) -> Self {
        let (before, after) = (by_key(&layout.before), by_key(&layout.after));
        let mut questions = Vec::new();
        for (key, pieces) in &before {
            put(key, pieces, &mut questions);
        }
        let asked = questions.len();
        questions.push(Question::new(layout.command.clone(), ExpectedReply::Reply(layout.reply.clone())));
        let mut model = Model::new().holding(layout.after.iter().filter(|piece| is_data(piece)).cloned());
        for (key, pieces) in &after {
            read(key, pieces, &mut model, &mut questions);
        }
        let positions = key_positions(&layout.command).unwrap_or_default();
        let named = positions.iter().map(|at| &layout.command.parts()[*at]);
        let keys: BTreeSet<&Bytes> =
            named.chain(before.keys().copied()).chain(after.keys().copied()).collect();
        for key in keys.iter().filter(|key| !after.contains_key(**key)) {
            let exists = Command::new("EXISTS").arg((*key).clone());
            questions.push(Question::new(exists, ExpectedReply::Reply(Reply::Int(0))));
        }
        for source in
            scripts(&layout.after).filter(|source| !scripts(&layout.before).any(|known| known == *source))
        {
            let exists = Command::new("SCRIPT").arg("EXISTS").arg(sha1_hex(source));
            questions.push(Question::new(exists, ExpectedReply::Reply(Reply::Array(vec![Reply::Int(1)]))));
        }
        let lives = layout.before.iter().chain(&layout.after).filter_map(Piece::expires_at).min();
        Self { questions, asked, keys: keys.into_iter().cloned().collect(), lives }
    }
}

impl Question {
    fn new(command: Command, expected: ExpectedReply) -> Self {
        Self { command, expected }
    }

    /// Whether the server's reply is the model's; `passed` is the most time that can have gone by since the content was
    /// put there.
    pub(super) fn agrees(&self, server: &Reply, passed: Duration) -> bool {
        match &self.expected {
            ExpectedReply::Reply(model) => model == server,
            ExpectedReply::AnyOrder(model, chunk) => in_order(model, *chunk) == in_order(server, *chunk),
            ExpectedReply::Milliseconds(full) => match server {
                Reply::Int(left) => u64::try_from(*left)
                    .is_ok_and(|left| left <= *full && u128::from(full - left) <= passed.as_millis() + 1),
                _ => false,
            },
            ExpectedReply::Encoding => true,
        }
    }

    /// The model's reply, if there is one.
    pub(super) fn model(&self) -> Option<Reply> {
        match &self.expected {
            ExpectedReply::Reply(model) | ExpectedReply::AnyOrder(model, _) => Some(model.clone()),
            ExpectedReply::Milliseconds(full) => Some(Reply::Int(i64::try_from(*full).unwrap_or(i64::MAX))),
            ExpectedReply::Encoding => None,
        }
    }
}

/// An array's chunks in the order of their bytes; any other reply as it is.
fn in_order(reply: &Reply, chunk: usize) -> (Option<&Reply>, Vec<&[Reply]>) {
    let Reply::Array(items) = reply else { return (Some(reply), Vec::new()) };
    let mut chunks: Vec<&[Reply]> = items.chunks(chunk).collect();
    chunks.sort_unstable();
    (None, chunks)
}

fn is_data(piece: &Piece) -> bool {
    piece.key().is_some()
}

/// The sources of the scripts that a server knows.
pub(super) fn scripts(pieces: &[Piece]) -> impl Iterator<Item = &Bytes> {
    pieces.iter().filter_map(|piece| if let Piece::Script { source } = piece { Some(source) } else { None })
}

/// The data by their keys.
fn by_key(pieces: &[Piece]) -> BTreeMap<&Bytes, Vec<&Piece>> {
    let mut keys: BTreeMap<&Bytes, Vec<&Piece>> = BTreeMap::new();
    for piece in pieces {
        if let Some(key) = piece.key() {
            keys.entry(key).or_default().push(piece);
        }
    }
    keys
}

/// What puts a key's content there.
fn put(key: &Bytes, pieces: &[&Piece], questions: &mut Vec<Question>) {
    let mut pieces = pieces.to_vec();
    pieces.sort_by_key(|piece| if let Piece::Item { at, .. } = piece { *at } else { 0 });
    let values: Vec<&Piece> = pieces.iter().filter(|piece| piece.expires_at().is_none()).copied().collect();
    let name = match values.first() {
        Some(Piece::Text { .. }) => "SET",
        Some(Piece::Item { .. }) => "RPUSH",
        Some(Piece::Member { .. }) => "SADD",
        Some(Piece::Field { .. }) => "HSET",
        _ => "ZADD",
    };
    let command = values.iter().fold(Command::new(name).arg(key.clone()), |command, piece| match piece {
        Piece::Text { value, .. } | Piece::Item { value, .. } => command.arg(value.clone()),
        Piece::Member { member, .. } => command.arg(member.clone()),
        Piece::Field { field, value, .. } => command.arg(field.clone()).arg(value.clone()),
        Piece::Scored { score, member, .. } => command.arg(score.clone()).arg(member.clone()),
        _ => command,
    });
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let reply = if name == "SET" { Reply::ok() } else { Reply::Int(count) };
    questions.push(Question::new(command, ExpectedReply::Reply(reply)));
    if let Some(at) = pieces.iter().find_map(|piece| piece.expires_at()) {
        let expire = Command::new("PEXPIRE").arg(key.clone()).number(at.as_millis());
        questions.push(Question::new(expire, ExpectedReply::Reply(Reply::Int(1))));
    }
}

/// What reads a key's content back; the model holds it.
fn read(key: &Bytes, pieces: &[&Piece], model: &mut Model, questions: &mut Vec<Question>) {
    let about = |name| Command::new(name).arg(key.clone());
    let all = |name| about(name).arg("0").arg("-1");
    let value = pieces.iter().find(|piece| piece.expires_at().is_none());
    let (command, chunk) = match value {
        Some(Piece::Text { .. }) => (about("GET"), None),
        Some(Piece::Item { .. }) => (all("LRANGE"), None),
        Some(Piece::Member { .. }) => (about("SMEMBERS"), Some(1)),
        Some(Piece::Field { .. }) => (about("HGETALL"), Some(2)),
        _ => (all("ZRANGE").arg("WITHSCORES"), None),
    };
    let reply = model.run(NOBODY, &command);
    let expected = match chunk {
        Some(chunk) => ExpectedReply::AnyOrder(reply, chunk),
        None => ExpectedReply::Reply(reply),
    };
    questions.push(Question::new(command, expected));
    let expected = match pieces.iter().find_map(|piece| piece.expires_at()) {
        Some(at) => ExpectedReply::Milliseconds(u64::try_from(at.as_millis()).unwrap_or(u64::MAX)),
        None => ExpectedReply::Reply(Reply::Int(-1)),
    };
    questions.push(Question::new(about("PTTL"), expected));
    if let Some(Piece::Scored { .. }) = value {
        let encoding = Command::new("OBJECT").arg("ENCODING").arg(key.clone());
        questions.push(Question::new(encoding, ExpectedReply::Encoding));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(case: &Case) -> Vec<String> {
        case.questions.iter().map(|question| question.command.to_string()).collect()
    }

    fn scored(score: &'static str, member: &'static str) -> Piece {
        Piece::Scored { key: "z".into(), score: score.into(), member: member.into() }
    }

    #[test]
    fn a_content_is_put_there_asked_and_read_back() {
        let item = |at, value: &'static str| Piece::Item { key: "l".into(), at, value: value.into() };
        let expiry = Piece::Expiry { key: "s".into(), at: Duration::from_secs(3) };
        let layout = EffectLayout {
            before: vec![
                item(1, "b"),
                Piece::Text { key: "s".into(), value: "v".into() },
                scored("1.5", "m"),
                expiry.clone(),
                item(0, "a"),
                Piece::Field { key: "h".into(), field: "f".into(), value: "1".into() },
                Piece::Member { key: "m".into(), member: "x".into() },
            ],
            command: Command::new("DEL").arg("l").arg("none"),
            reply: Reply::Int(1),
            after: vec![
                scored("1.5", "m"),
                scored("-1", "n"),
                Piece::Text { key: "s".into(), value: "v".into() },
                expiry,
                Piece::Field { key: "h".into(), field: "f".into(), value: "1".into() },
                Piece::Member { key: "m".into(), member: "x".into() },
                Piece::Script { source: "return".into() },
            ],
        };
        let case = Case::new(&layout);
        let sha1 = sha1_hex(b"return");
        let expected = [
            "HSET h f 1",
            "RPUSH l a b",
            "SADD m x",
            "SET s v",
            "PEXPIRE s 3000",
            "ZADD z 1.5 m",
            "DEL l none",
            "HGETALL h",
            "PTTL h",
            "SMEMBERS m",
            "PTTL m",
            "GET s",
            "PTTL s",
            "ZRANGE z 0 -1 WITHSCORES",
            "PTTL z",
            "OBJECT ENCODING z",
            "EXISTS l",
            "EXISTS none",
            &format!("SCRIPT EXISTS {sha1}"),
        ];
        assert_eq!(lines(&case), expected);
        assert_eq!((case.asked, case.lives), (6, Some(Duration::from_secs(3))));
        assert_eq!(case.keys, ["h", "l", "m", "none", "s", "z"]);
        let ExpectedReply::Reply(Reply::Array(range)) = &case.questions[13].expected else { panic!() };
        assert_eq!(range, &["n", "-1", "m", "1.5"].map(Reply::bulk));
    }

    #[test]
    fn sets_have_no_order_and_clocks_run() {
        let reply =
            |items: &[&'static str]| Reply::Array(items.iter().map(|item| Reply::bulk(*item)).collect());
        let asked = |expected| Question::new(Command::new("X"), expected);
        let hash = asked(ExpectedReply::AnyOrder(reply(&["a", "1", "b", "2"]), 2));
        assert!(hash.agrees(&reply(&["b", "2", "a", "1"]), Duration::ZERO));
        assert!(!hash.agrees(&reply(&["a", "2", "b", "1"]), Duration::ZERO));
        assert!(!hash.agrees(&Reply::Nil, Duration::ZERO));

        let ttl = asked(ExpectedReply::Milliseconds(500));
        let passed = Duration::from_millis(20);
        for (left, agrees) in [(501, false), (500, true), (479, true), (478, false), (-1, false)] {
            assert_eq!(ttl.agrees(&Reply::Int(left), passed), agrees, "{left}");
        }
    }
}
