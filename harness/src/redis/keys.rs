//! A store's own keys: commands get a prefix at their key positions, replies lose it again.

use gatecrash_limiter::{Command, Reply};

use crate::model::key_positions;
use crate::world::store::StoreError;

/// What every key that gatecrash writes begins with.
pub const KEY_NAMESPACE: &str = "gatecrash:";

/// Which parts of a command are keys; an error for a command that is not known.
pub(super) fn positions(command: &Command) -> Result<Vec<usize>, StoreError> {
    key_positions(command).ok_or_else(|| {
        StoreError::Refused(format!(
            "`{}` is not sent: gatecrash does not know where its keys are, so it cannot keep them apart",
            command.name().escape_ascii()
        ))
    })
}

/// What a store's keys begin with on the server.
#[derive(Debug)]
pub(super) struct Prefix(String);

impl Prefix {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The command with the prefix on the parts at these positions.
    pub(super) fn put_on(&self, command: &Command, positions: &[usize]) -> Command {
        let mut parts = command.parts().to_vec();
        for &at in positions {
            parts[at] = [self.0.as_bytes(), &parts[at]].concat().into();
        }
        Command::from_parts(parts).unwrap_or_else(|| command.clone())
    }

    /// The reply as if there were no prefix: some name keys (`BLPOP`, a script's `KEYS[1]`, some errors).
    pub(super) fn take_off(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Bulk(bytes) if bytes.starts_with(self.0.as_bytes()) => {
                Reply::Bulk(bytes.slice(self.0.len()..))
            }
            Reply::Array(items) => Reply::Array(items.into_iter().map(|item| self.take_off(item)).collect()),
            Reply::Error(text) if text.contains(&self.0) => Reply::Error(text.replace(&self.0, "")),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix() -> Prefix {
        Prefix::new("p:".into())
    }

    fn rewritten(command: &Command) -> String {
        prefix().put_on(command, &key_positions(command).unwrap()).to_string()
    }

    #[test]
    fn keys_get_the_prefix_and_nothing_else_does() {
        assert_eq!(rewritten(&Command::new("zadd").arg("k").arg("1").arg("k")), "zadd p:k 1 k");
        assert_eq!(rewritten(&Command::new("DEL").arg("a").arg("b")), "DEL p:a p:b");
        assert_eq!(
            rewritten(&Command::new("EVALSHA").arg("k").arg("2").arg("k").arg("l").arg("k")),
            "EVALSHA k 2 p:k p:l k"
        );
        // More keys than arguments: the server refuses the command whatever they are called.
        assert_eq!(rewritten(&Command::new("EVAL").arg("return").arg("9").arg("k")), "EVAL return 9 k");
        assert_eq!(rewritten(&Command::new("GET")), "GET");
    }

    #[test]
    fn replies_lose_it() {
        let reply =
            Reply::Array(vec![Reply::bulk("p:k"), Reply::bulk("1"), Reply::Error("ERR p:k is odd".into())]);
        let bare =
            Reply::Array(vec![Reply::bulk("k"), Reply::bulk("1"), Reply::Error("ERR k is odd".into())]);
        assert_eq!(prefix().take_off(reply), bare);
    }
}
