//! One client: the operations it runs, one after another. Sans-IO: it says what it sends and takes the reply.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gatecrash_limiter::{Call, Command, Operation, Outcome, Progress, Reply};

use crate::world::scenario::{OnReject, OperationKind};
use crate::world::setup::Setup;

/// The state of one client. Plain data; what never changes is in the world's setup, or shared by all copies: explorers
/// make many.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// How many operations of its program, repeats included, it has begun or skipped.
    position: usize,
    /// How many permits it has asked for: numbers its tokens.
    asked: u32,
    /// The permits it certainly holds, the oldest first, as the calls that acquired them.
    permits: Vec<Arc<Call>>,
    /// What it is doing; nothing once it has finished or crashed.
    current: Option<Current>,
}

/// An operation under way, or about to begin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Current {
    kind: OperationKind,
    operation: Operation,
    call: Arc<Call>,
    /// Its first command has been sent.
    begun: bool,
    /// A command has been sent whose reply has not come.
    waiting: bool,
}

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The operation that the command belongs to.
    pub operation: OperationKind,
    /// Whether it is the operation's first command.
    pub first: bool,
    /// The command.
    pub command: Command,
}

impl Client {
    /// The client of that place, before its first step.
    pub(crate) fn new(setup: &Setup, place: usize) -> Self {
        let mut client = Self { position: 0, asked: 0, permits: Vec::new(), current: None };
        client.go_on(setup, place);
        client
    }

    /// Whether it has no step left: it is through with its program, was refused, or crashed.
    pub fn finished(&self) -> bool {
        self.current.is_none()
    }

    /// Whether it could send a command now.
    pub fn ready(&self) -> bool {
        self.current.as_ref().is_some_and(|current| !current.waiting)
    }

    /// How many permits it certainly holds.
    pub fn held(&self) -> u32 {
        u32::try_from(self.permits.len()).unwrap_or(u32::MAX)
    }

    /// What it would send next; `now` is its clock. `None` while it waits for a reply, and once it has finished.
    pub(crate) fn pending(&self, now: Duration) -> Option<Sent> {
        let current = self.current.as_ref().filter(|current| !current.waiting)?;
        let command = current.operation.command(&current.call, now);
        Some(Sent { operation: current.kind, first: !current.begun, command })
    }

    /// Sends its next command; `now` is its clock.
    ///
    /// # Panics
    /// If it is not [`Client::ready`].
    pub(crate) fn begin(&mut self, now: Duration) -> Sent {
        let current = self.current.as_mut().filter(|current| !current.waiting).expect("the client is ready");
        let (operation, first) = (current.kind, !current.begun);
        if first && operation == OperationKind::Release {
            // From here on nobody may rely on the permit: the release may take effect before its reply comes.
            self.permits.pop();
        }
        current.begun = true;
        current.waiting = true;
        Sent { operation, first, command: current.operation.command(&current.call, now) }
    }

    /// Takes the reply to the command it sent last, and says what the operation came to if that ended it.
    ///
    /// # Panics
    /// If it waits for none.
    pub(crate) fn finish(&mut self, setup: &Setup, place: usize, reply: &Reply) -> Option<Outcome> {
        let current = self.current.as_mut().filter(|current| current.waiting).expect("the client waits");
        current.waiting = false;
        let Progress::Done(outcome) = current.operation.receive(&current.call, reply) else { return None };
        match &outcome {
            Outcome::Admitted => self.permits.push(Arc::clone(&current.call)),
            Outcome::Refused if setup.on_reject == OnReject::Stop => {
                self.current = None;
                return Some(outcome);
            }
            Outcome::Refused | Outcome::Released | Outcome::NotHeld | Outcome::Failed(_) => {}
        }
        self.go_on(setup, place);
        Some(outcome)
    }

    /// The tokens that it can still name, each once: of the permits it holds, the oldest first, and of what it is
    /// doing.
    pub(crate) fn tokens(&self) -> Vec<Bytes> {
        let mut tokens: Vec<Bytes> = Vec::new();
        for call in self.permits.iter().chain(self.current.as_ref().map(|current| &current.call)) {
            if !tokens.contains(&call.token) {
                tokens.push(call.token.clone());
            }
        }
        tokens
    }

    /// The same client with other tokens.
    pub(crate) fn with_tokens(&self, mut name: impl FnMut(&Bytes) -> Bytes) -> Self {
        let mut renamed = self.clone();
        let current = renamed.current.as_mut().map(|current| &mut current.call);
        for call in renamed.permits.iter_mut().chain(current) {
            let call = Arc::make_mut(call);
            call.token = name(&call.token);
        }
        renamed
    }

    /// A client that has finished, without how it came there: only what it holds can still matter.
    pub(crate) fn without_past(self) -> Self {
        if self.finished() { Self { position: 0, asked: 0, ..self } } else { self }
    }

    /// Stops for ever: what it held, nobody holds any more.
    pub(crate) fn crash(&mut self) {
        self.current = None;
        self.permits.clear();
    }

    /// Turns to the next operation of its program that has something to do.
    fn go_on(&mut self, setup: &Setup, place: usize) {
        self.current = None;
        while let Some(kind) = setup.operation(place, self.position) {
            self.position += 1;
            let (operation, call) = match kind {
                OperationKind::Acquire => {
                    self.asked += 1;
                    (&setup.acquire, Arc::new(setup.call(place, self.asked)))
                }
                OperationKind::Release => match self.permits.last() {
                    Some(call) => (&setup.release, Arc::clone(call)),
                    None => continue,
                },
            };
            let operation = operation.clone();
            self.current = Some(Current { kind, operation, call, begun: false, waiting: false });
            return;
        }
    }
}
