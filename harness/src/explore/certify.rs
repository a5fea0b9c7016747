//! The census certified on a real server: every distinct pair of store content and command that the merged graph
//! reaches, put to the server and compared with the model.
//!
//! For each pair the content is written under a prefix of its own and with random tokens, the command is sent, and the
//! reply and the content that results (values, order, times to live) are compared with what the graph has recorded, byte
//! for byte: a set has no order, a time to live may be shorter by the time that has passed. The tokens are of another
//! kind each time: letters; so long that a sorted set leaves its compact encoding; digits. A private server is asked
//! again with the compact encoding turned off. Cases are written some hundred kilobytes at a time, one such chunk ahead
//! of the one whose replies are read, and each case deletes its own keys.
//!
//! # What it proves
//!
//! The step function of the graph is that of this server: its version, its configuration, both encodings. Clients are
//! deterministic and do nothing with a token but pass it on ([`crate::explore::states`] checks that), and they are the code that
//! is shipped. So, by induction over the length of an interleaving, each of them would go on this server as it goes in
//! the graph, however many there are. That rests on two things that are not proved here: that a command depends on the
//! content and nothing else, which `scope` judges by a list, and that the names of tokens do not matter, of which several
//! namings are a test. Running every edge instead of every distinct pair adds namings, and nothing else.
//!
//! # What it can miss
//!
//! State that the content does not hold: how a key came to its encoding, times to live that run out, eviction, which
//! scripts the server lacks, random numbers in scripts, connections. Commands that read such state are refused where
//! the command shows it. Lost replies, crashes, reconnects, failovers, and clients other than those of the graph are not
//! looked at.

mod case;
mod mismatch;
mod scope;
mod tokens;

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gatecrash_limiter::Reply;

use crate::explore::halt::Halt;
use crate::explore::states::{self, CountedState, EffectLayout, Graph, StateSpace};
use crate::observe::{Extent, Worker};
use crate::redis::{Series, Server};
use crate::world::clients::World;
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use case::{Case, ExpectedReply};
use mismatch::Answered;
pub use mismatch::{ComparedReply, Mismatch};
use tokens::Tokens;

/// What a certificate says, for whoever reads a report.
pub const PROVES: &str = "On this server, with its version and configuration, every command of these clients is answered as the model \
                          answers it and leaves what the model leaves, on every content that they can reach; so every \
                          interleaving of them goes there as it goes on the model.";
/// What it does not say.
pub const DOES_NOT_PROVE: &str = "Not covered: state that is in no key's value (clocks, eviction, connections, random numbers), lost \
                                  replies, crashes, failovers, and other clients.";

/// How many bytes are written at once.
const CHUNK: usize = 100_000;
/// How many chunks may be with the server at once.
const IN_FLIGHT: usize = 2;
/// The setting that says how large a sorted set may grow and stay compact, under the name that all versions know.
const COMPACT_ENTRIES: &str = "zset-max-ziplist-entries";

/// How to certify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertifyOptions {
    /// Every edge of the graph, each under a naming of its own, instead of every distinct pair. With the compact encoding
    /// turned off it is every distinct pair all the same.
    pub edges: bool,
    /// Under how many namings each distinct pair is run.
    pub namings: NonZeroU32,
    /// Decides the tokens.
    pub seed: u64,
}

impl Default for CertifyOptions {
    fn default() -> Self {
        Self { edges: false, namings: NonZeroU32::MIN.saturating_add(2), seed: 0 }
    }
}

/// What was certified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certified {
    /// How many distinct pairs of content and command the graph reaches.
    pub pairs: u64,
    /// How many edges of the graph these stand for.
    pub edges: u64,
    /// Under how many namings each pair was run: one where tokens are the scenario's own.
    pub namings: u32,
    /// How many cases there are to be asked.
    pub planned: u64,
    /// How many of them the server has answered.
    pub cases: u64,
    /// Which encodings of sorted sets were met.
    pub encodings: BTreeSet<String>,
    /// How many of the cases it answered otherwise than the model.
    pub mismatches: u64,
    /// The first of them.
    pub first: Option<Mismatch>,
    /// What stopped it, or the search for the graph, before it was through.
    pub stopped: Option<Bound>,
    /// Why nothing was certified: what a command depends on besides the content.
    pub refused: Option<String>,
    /// Why clients that run the same program were told apart, if they were: then tokens are the scenario's own.
    pub asymmetry: Option<String>,
}

impl Certified {
    /// Whether the server agrees with the model on all that the graph reaches.
    pub fn holds(&self) -> bool {
        self.mismatches == 0 && self.stopped.is_none() && self.refused.is_none()
    }
}

/// Searches the graph of a world's clients, and certifies it on a server.
pub fn certify(
    world: &World,
    server: &Server,
    options: CertifyOptions,
    control: &Control,
) -> Result<Certified, Error> {
    certify_graph(&states::search(world, StateSpace::default(), control)?, world, server, options, control)
}

/// Certifies a graph that was searched.
pub(crate) fn certify_graph(
    graph: &Graph,
    world: &World,
    server: &Server,
    options: CertifyOptions,
    control: &Control,
) -> Result<Certified, Error> {
    let edges = edges_by_effect(graph);
    let namings = if graph.transitions.symbolic() { options.namings.get() } else { 1 };
    let certified = Certified {
        pairs: edges.len() as u64,
        edges: edges.iter().sum(),
        namings,
        stopped: graph.stopped.clone(),
        refused: refusal(graph),
        asymmetry: graph.asymmetry.as_ref().map(ToString::to_string),
        ..Certified::default()
    };
    if certified.refused.is_some() {
        return Ok(certified);
    }
    let pairs = vec![namings.into(); edges.len()];
    let (times, compact_off) = (if options.edges { &edges } else { &pairs }, &pairs);
    let again = if server.is_private() { compact_off.iter().sum() } else { 0u64 };
    let certified = Certified { planned: times.iter().sum::<u64>() + again, ..certified };
    control.activity.expect(Extent::Units(certified.planned));
    let worker = control.activity.worker("certify");
    let mut run = Certifying { graph, world, control, worker, tokens: Tokens::new(options.seed), certified };
    if let Some(bound) = Halt::bound(run.all(times, compact_off, server))? {
        run.certified.stopped = Some(bound);
    }
    Ok(run.certified)
}

/// How many edges there are of each effect.
fn edges_by_effect(graph: &Graph) -> Vec<u64> {
    let mut edges = vec![0; graph.transitions.effects().len()];
    let mut state = CountedState::default();
    for id in 0..u32::try_from(graph.expanded()).unwrap_or(u32::MAX) {
        graph.states.read(id, &mut state);
        for (_, effect) in graph.transitions.known_effects(&state) {
            edges[effect as usize] += 1;
        }
    }
    edges
}

/// Why the graph cannot be certified, if it cannot.
fn refusal(graph: &Graph) -> Option<String> {
    let effects = graph.transitions.effects().iter();
    effects.clone().find_map(|effect| scope::refusal(effect, &graph.transitions.laid_out(effect)))
}

struct Certifying<'a> {
    graph: &'a Graph,
    world: &'a World,
    control: &'a Control,
    worker: Worker,
    tokens: Tokens,
    certified: Certified,
}

/// What was said to a server under one configuration, as far as it has not answered.
struct Talk {
    series: Series,
    /// Appended and not yet sent.
    next: Vec<Asked>,
    /// Sent, the oldest first.
    sent: VecDeque<Chunk>,
}

struct Asked {
    effect: usize,
    symbols: Rc<[(u16, u16)]>,
    tokens: Vec<Bytes>,
    case: Case,
}

struct Chunk {
    /// A time before it was sent.
    since: Instant,
    cases: Vec<Asked>,
}

impl Certifying<'_> {
    /// Runs each effect as often as `times` says; and where the server is ours, as often as `compact_off` says with the
    /// compact encoding turned off.
    fn all(&mut self, times: &[u64], compact_off: &[u64], server: &Server) -> Result<(), Halt> {
        let scripts = self.scripts();
        let mut series = Series::open(server)?;
        scripts.iter().try_for_each(|source| series.load(source))?;
        self.pass(times, series)?;
        if server.is_private() {
            let mut series = Series::open(server)?;
            series.set(COMPACT_ENTRIES, "0")?;
            self.pass(compact_off, series)?;
        }
        Ok(())
    }

    /// All scripts that a server must know before a command.
    fn scripts(&self) -> BTreeSet<Bytes> {
        let transitions = &self.graph.transitions;
        let contents = transitions.effects().iter().map(|effect| transitions.laid_out(effect).before);
        contents.flat_map(|before| case::scripts(&before).cloned().collect::<Vec<_>>()).collect()
    }

    fn pass(&mut self, times: &[u64], series: Series) -> Result<(), Halt> {
        let mut talk = Talk { series, next: Vec::new(), sent: VecDeque::new() };
        let transitions = &self.graph.transitions;
        for ((number, effect), times) in transitions.effects().iter().enumerate().zip(times) {
            self.ask(number, &transitions.laid_out(effect), *times, &mut talk)?;
        }
        self.send(&mut talk)?;
        while !talk.sent.is_empty() {
            self.receive(&mut talk)?;
        }
        Ok(())
    }

    /// Asks about an effect, so many times, and takes the answers to what was asked before.
    fn ask(&mut self, effect: usize, layout: &EffectLayout, times: u64, talk: &mut Talk) -> Result<(), Halt> {
        let symbols: Rc<[_]> = layout.tokens().into();
        for naming in 0..times {
            let tokens = self.tokens.draw(naming, symbols.len());
            let case = Case::new(&layout.under(|owner, number| {
                let at = symbols.binary_search(&(owner, number)).expect("it is one of the layout's");
                tokens[at].clone()
            }));
            let commands = case.questions.iter().map(|question| &question.command);
            talk.series.push(commands, case.keys.clone())?;
            talk.next.push(Asked { effect, symbols: Rc::clone(&symbols), tokens, case });
            if talk.series.unsent() >= CHUNK {
                self.send(talk)?;
            }
            if talk.sent.len() == IN_FLIGHT {
                self.receive(talk)?;
            }
        }
        Ok(())
    }

    /// An end, if a bound says so.
    fn go_on(&self) -> Result<(), Halt> {
        self.control.stop(0).map_or(Ok(()), |bound| Err(bound.into()))
    }

    fn send(&self, talk: &mut Talk) -> Result<(), Halt> {
        self.go_on()?;
        let since = Instant::now();
        talk.series.send()?;
        talk.sent.push_back(Chunk { since, cases: std::mem::take(&mut talk.next) });
        Ok(())
    }

    /// Takes the answers to the oldest chunk.
    fn receive(&mut self, talk: &mut Talk) -> Result<(), Halt> {
        let Some(Chunk { since, cases }) = talk.sent.pop_front() else { return Ok(()) };
        self.worker.waits("the replies of redis to a chunk of", format!("{} cases", cases.len()));
        for asked in cases {
            let replies = talk.series.receive(|| self.go_on())?;
            let passed = since.elapsed();
            if asked.case.lives.is_some_and(|lives| lives <= passed) {
                let late =
                    format!("a key's time to live ran out: no answer within {} ms", passed.as_millis());
                return Err(Halt::Bound(Bound::LostServer(late)));
            }
            self.judge(&asked, &replies, passed)?;
        }
        self.worker.works("the next chunk", "");
        Ok(())
    }

    fn judge(&mut self, asked: &Asked, replies: &[Reply], passed: Duration) -> Result<(), Error> {
        self.control.count();
        self.certified.cases += 1;
        let questions = asked.case.questions.iter().zip(replies);
        let agree: Vec<bool> =
            questions.clone().map(|(question, reply)| question.agrees(reply, passed)).collect();
        for (question, reply) in questions {
            if let (ExpectedReply::Encoding, Reply::Bulk(name)) = (&question.expected, reply) {
                let name = String::from_utf8_lossy(name);
                if !self.certified.encodings.contains(name.as_ref()) {
                    self.certified.encodings.insert(name.into_owned());
                }
            }
        }
        if agree.contains(&false) {
            self.certified.mismatches += 1;
            if self.certified.first.is_none() {
                let Asked { effect, symbols, tokens, case } = asked;
                let answered = Answered { effect: *effect, symbols, tokens, case, replies, agree: &agree };
                self.certified.first = Some(mismatch::explain(self.graph, self.world, &answered)?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
