//! Groups of commands, one group after another over one connection, each on fresh keys that are deleted right after.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use gatecrash_limiter::{Command, Reply};

use super::connection::CLEAN_UP_TIMEOUT;
use super::guard;
use super::keys::{self, Prefix};
use super::pipeline::Pipeline;
use super::server::Server;
use crate::world::store::StoreError;

/// Asks about a key and is no command of the model.
const OBJECT: &[u8] = b"OBJECT";
const OBJECT_KEY: usize = 2;

/// A connection over which groups of commands go out. Dropping it deletes what they left, and puts back a setting that
/// was changed.
pub(crate) struct Series {
    pipeline: Pipeline,
    prefix: String,
    /// How many groups there were.
    begun: u64,
    /// Those whose replies have not all come, the oldest first: it may be that their keys exist.
    open: VecDeque<Group>,
    /// A setting and what it was.
    setting: Option<(&'static str, Bytes)>,
    // Dropped last: the connection leads to it.
    server: Server,
}

struct Group {
    prefix: Prefix,
    /// Without the prefix.
    keys: Vec<Bytes>,
    commands: usize,
}

impl Series {
    pub(crate) fn open(server: &Server) -> Result<Self, StoreError> {
        Ok(Self {
            pipeline: Pipeline::open(server.address())?,
            prefix: server.next_prefix(),
            begun: 0,
            open: VecDeque::new(),
            setting: None,
            server: server.clone(),
        })
    }

    /// Makes a script known to the server.
    pub(crate) fn load(&mut self, source: &Bytes) -> Result<(), StoreError> {
        let load = Command::new("SCRIPT").arg("LOAD").arg(source.clone());
        self.call("loading a script", &load).map(|_| ())
    }

    /// Changes a setting of a private server, until this is dropped.
    pub(crate) fn set(&mut self, name: &'static str, value: &'static str) -> Result<(), StoreError> {
        if !self.server.is_private() {
            return Err(StoreError::Refused(format!(
                "`CONFIG SET {name}` is not sent: {}",
                guard::NOT_PRIVATE
            )));
        }
        let config = |word: &'static str| Command::new("CONFIG").arg(word).arg(name);
        if let Reply::Array(known) = self.call("reading a setting", &config("GET"))?
            && let [Reply::Bulk(_), Reply::Bulk(before)] = &known[..]
        {
            self.setting.get_or_insert((name, before.clone()));
        }
        self.call("changing a setting", &config("SET").arg(value)).map(|_| ())
    }

    /// Sends one command while nothing else is under way.
    fn call(&mut self, doing: &str, command: &Command) -> Result<Reply, StoreError> {
        match self.pipeline.connection().call(command)? {
            Reply::Error(why) => Err(self.pipeline.connection().unavailable(doing, why)),
            reply => Ok(reply),
        }
    }

    /// Appends a group: its commands, then the deletion of its keys, which are all keys that it may make.
    pub(crate) fn push<'a>(
        &mut self,
        commands: impl Iterator<Item = &'a Command> + Clone,
        keys: Vec<Bytes>,
    ) -> Result<(), StoreError> {
        // All are judged before any is appended.
        let positions = commands.clone().map(positions).collect::<Result<Vec<_>, _>>()?;
        let prefix = Prefix::new(format!("{}{}:", self.prefix, self.begun));
        for (command, positions) in commands.zip(&positions) {
            self.pipeline.push(command, &prefix, positions);
        }
        if !keys.is_empty() {
            self.pipeline.push_deletion(keys.iter(), &prefix);
        }
        self.begun += 1;
        self.open.push_back(Group { prefix, keys, commands: positions.len() });
        Ok(())
    }

    /// How many bytes were appended and not yet sent.
    pub(crate) fn unsent(&self) -> usize {
        self.pipeline.unsent()
    }

    /// Writes what was appended.
    pub(crate) fn send(&mut self) -> Result<(), StoreError> {
        self.pipeline.send()
    }

    /// Waits for the replies to the oldest group, and until its keys are deleted. Asks whether to go on after each reply
    /// that was not there yet.
    pub(crate) fn receive<E: From<StoreError>>(
        &mut self,
        mut go_on: impl FnMut() -> Result<(), E>,
    ) -> Result<Vec<Reply>, E> {
        let Some(Group { prefix, keys, commands }) = self.open.front() else { return Ok(Vec::new()) };
        let mut replies = Vec::with_capacity(*commands);
        for _ in 0..*commands {
            replies.push(prefix.take_off(self.pipeline.receive()?));
            if self.pipeline.has_waited() {
                go_on()?;
            }
        }
        if !keys.is_empty()
            && let Reply::Error(why) = self.pipeline.receive()?
        {
            return Err(self.pipeline.connection().unavailable("deleting a group's keys", why).into());
        }
        self.open.pop_front();
        Ok(replies)
    }

    /// Deletes every key that may exist, and puts the setting back.
    fn end(&mut self) -> Result<(), StoreError> {
        self.pipeline.finish_by(Instant::now() + CLEAN_UP_TIMEOUT);
        self.pipeline.settle(self.server.address())?;
        if let Some((name, value)) = self.setting.take() {
            let set = Command::new("CONFIG").arg("SET").arg(name).arg(value);
            self.call("putting back a setting", &set)?;
        }
        let open: Vec<Group> = self.open.drain(..).filter(|group| !group.keys.is_empty()).collect();
        for group in &open {
            self.pipeline.push_deletion(group.keys.iter(), &group.prefix);
        }
        self.pipeline.send()?;
        for _ in open {
            if let Reply::Error(why) = self.pipeline.receive()? {
                return Err(self.pipeline.connection().unavailable("deleting this run's keys", why));
            }
        }
        Ok(())
    }
}

/// Where a command's keys are, if it does no harm beyond them.
fn positions(command: &Command) -> Result<Vec<usize>, StoreError> {
    if command.name() == OBJECT {
        return Ok(vec![OBJECT_KEY]);
    }
    let positions = keys::positions(command)?;
    guard::check(command, &positions, guard::SIDE_BY_SIDE)?;
    Ok(positions)
}

impl Drop for Series {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, prefix = self.prefix, "keys may be left on the server");
        }
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series")
            .field("server", self.server.address())
            .field("prefix", &self.prefix)
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::target::Target;

    fn ask(series: &mut Series, command: &Command) -> Reply {
        series.call("asking", command).unwrap()
    }

    fn entries(series: &mut Series) -> Reply {
        ask(series, &Command::new("CONFIG").arg("GET").arg("zset-max-ziplist-entries"))
    }

    #[test]
    fn groups_do_not_see_each_other_and_leave_nothing() {
        let server = Server::open(&Target::Private).unwrap();
        let mut series = Series::open(&server).unwrap();
        let increment = [Command::new("INCR").arg("n"), Command::new("OBJECT").arg("ENCODING").arg("n")];
        for _ in 0..3 {
            series.push(increment.iter(), vec!["n".into()]).unwrap();
        }
        assert!(series.unsent() > 100);
        series.send().unwrap();
        assert_eq!(series.receive(|| Ok::<_, StoreError>(())).unwrap(), [Reply::Int(1), Reply::bulk("int")]);
        drop(series);
        let mut series = Series::open(&server).unwrap();
        assert_eq!(ask(&mut series, &Command::new("DBSIZE")), Reply::Int(0));
        assert!(series.push([Command::new("FLUSHALL")].iter(), Vec::new()).is_err());
        assert_eq!(series.unsent(), 0);
    }

    #[test]
    fn a_setting_is_put_back_and_that_of_others_never_changed() {
        let server = Server::open(&Target::Private).unwrap();
        let mut watcher = Series::open(&server).unwrap();
        let before = entries(&mut watcher);
        let mut series = Series::open(&server).unwrap();
        series.set("zset-max-ziplist-entries", "0").unwrap();
        assert_ne!(entries(&mut watcher), before);
        drop(series);
        assert_eq!(entries(&mut watcher), before);

        let given = Target::choose(Some(&server.address().to_string()), None, false).unwrap();
        let given = Server::open(&given).unwrap();
        let refused = Series::open(&given).unwrap().set("zset-max-ziplist-entries", "0");
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        assert_eq!(entries(&mut watcher), before);
    }
}
