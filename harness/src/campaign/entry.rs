//! What a run of one limiter came to, as an entry of the report.

use std::time::Duration;

use super::command_line::{explore_command, replay_command};
use super::done::Done;
use super::item::Item;
use super::stopwatch::latencies_of;
use super::subject::Subject;
use crate::explore::Exploration;
use crate::explore::census::any::AnyNumber;
use crate::explore::census::{Census, preemptions};
use crate::explore::certify::{Certified, Mismatch};
use crate::explore::counterexample::{Violation, critical_pair, explain};
use crate::explore::dpor::Classes;
use crate::explore::loom::LoomExploration;
use crate::explore::replay::{Passing, replay};
use crate::explore::sample::{Sample, ViolationEstimate};
use crate::model::Model;
use crate::report::{
    self, AnyNumberEvidence, Cases, CensusEvidence, Certificate, CertifyEvidence, Counterexample, Coverage,
    DporEvidence, Engine, Entry, EnumerateEvidence, Enumerated, Estimate, Evidence, Judgement, LoomEvidence,
    OverAdmission, Preemptions, RandomWalkProbability, SampleEvidence, ScheduleEvidence, StoreKind,
};
use crate::world::control::{Bound, Control};
use crate::world::error::Error;
use crate::world::scenario::Property;
use crate::world::schedule::{Schedule, Turn};
use crate::world::trace::Trace;
use crate::world::verdict::Verdict;

/// A result on a server: what was found, or how its reply differed from the model's.
type Checked<T> = Result<T, String>;

impl Subject<'_> {
    /// One schedule.
    pub(super) fn schedule(
        &self,
        store: StoreKind,
        name: Option<&str>,
        order: &Schedule,
        trace: Checked<Trace>,
        elapsed: Duration,
    ) -> Entry {
        let order = order.display(&self.scenario.client_names()).to_string();
        let rerun = Some(replay_command(self, &order, store));
        let evidence =
            ScheduleEvidence { name: name.map(str::to_owned), order, ..ScheduleEvidence::default() };
        let trace = match trace {
            Ok(trace) => trace,
            Err(difference) => {
                let evidence = Evidence::Schedule(evidence);
                return Entry { rerun, ..self.mismatch_of(store, evidence, difference, elapsed) };
            }
        };
        let (peak, limit) = (trace.peak(), self.scenario.limit);
        let judges_leaks = self.scenario.judges(Property::Leak);
        let leak = trace.leaked.map(|permits| report::Leak { permits });
        let over_admits = self.scenario.judges(Property::OverAdmission) && u64::from(peak) > limit;
        let leaks = judges_leaks && trace.leaked.is_some_and(|permits| permits > 0);
        let verdict = match &trace.stopped {
            _ if over_admits || leaks => Verdict::Violation,
            None if !judges_leaks || leak.is_some() => Verdict::Clean,
            _ => Verdict::Undecided,
        };
        let unknown = judges_leaks && leak.is_none() && trace.stopped.is_none();
        let unknown = unknown.then_some("`leak` is not judged: there are too many permits to try them");
        let evidence = Evidence::Schedule(ScheduleEvidence {
            over_admission: Some(OverAdmission::of_peak(peak, limit)),
            leak,
            latency_ns: latencies_of(&trace).summaries().filter(|_| store == StoreKind::Redis),
            ..evidence
        });
        let steps = trace.rows.len() as u64;
        Entry {
            coverage: trace.stopped.as_ref().map(|bound| Coverage::of(bound, steps, "step")),
            notes: unknown.into_iter().map(str::to_owned).collect(),
            trace: Some(trace),
            rerun,
            ..self.entry(store, evidence, Judgement::new(verdict, self.expected), elapsed)
        }
    }

    /// Plain enumeration.
    pub(super) fn enumeration(
        &self,
        store: StoreKind,
        found: &Exploration,
        elapsed: Duration,
    ) -> Result<Entry, Error> {
        let counted = match found.stopped {
            None => {
                Enumerated::All(report::InterleavingCounts::from_peaks(self.scenario.limit, &found.peaks))
            }
            Some(_) => Enumerated::Part { violating: found.violating },
        };
        self.exploration(store, found, found.verdict(), elapsed, |over_admission| {
            Evidence::Enumerate(EnumerateEvidence { executions: found.executions, counted, over_admission })
        })
    }

    /// The census.
    pub(super) fn census(&self, found: &Census, elapsed: Duration) -> Result<Entry, Error> {
        let (store, limit) = (StoreKind::Model, self.scenario.limit);
        let (counterexample, trace) = self.counterexample_of(store, found.violation.as_ref())?;
        let highest = found.highest.max(trace.as_ref().map_or(0, Trace::peak));
        let tallies = found.by_preemptions.as_ref();
        let by_preemptions = tallies.map(|counts| {
            let tally = |tally: &preemptions::PreemptionCount| report::PreemptionTally {
                interleavings: (&tally.interleavings).into(),
                violating: (&tally.violating).into(),
            };
            Preemptions(counts.iter().map(|(number, counts)| (*number, tally(counts))).collect())
        });
        let random_walk = found.probability.as_ref().map(|odds| RandomWalkProbability {
            exact: odds.exact.as_ref().map(ToString::to_string),
            value: odds.value,
        });
        let evidence = Evidence::Census(CensusEvidence {
            counts: found.peaks.as_ref().map(|peaks| report::InterleavingCounts::from_peaks(limit, peaks)),
            states: found.states,
            infinite: found.infinite,
            random_walk,
            by_preemptions,
            over_admission: OverAdmission::of_peak(highest, limit),
        });
        let asymmetry = found.asymmetry.iter().cloned();
        Ok(Entry {
            coverage: found.stopped.as_ref().map(|bound| Coverage::of(bound, found.states, "state")),
            counterexample,
            trace,
            notes: asymmetry.chain(tallies.and_then(sufficiency)).collect(),
            rerun: Some(explore_command(self, store)),
            ..self.entry(store, evidence, Judgement::new(found.verdict(), self.expected), elapsed)
        })
    }

    /// The verdict for every number of clients.
    pub(super) fn any_number(&self, found: &AnyNumber, elapsed: Duration) -> Entry {
        let judgement = Judgement::new(found.verdict(), self.expected);
        let evidence = Evidence::AnyNumber(AnyNumberEvidence { nodes: found.nodes });
        Entry {
            coverage: found.stopped.as_ref().map(|bound| Coverage::of(bound, found.nodes, "node")),
            notes: matches!(found.stopped, Some(Bound::States(_)))
                .then(|| "what the store holds may not stay bounded as clients are added".to_owned())
                .into_iter()
                .collect(),
            rerun: Some(explore_command(self, StoreKind::Model)),
            ..self.entry(StoreKind::Model, evidence, judgement, elapsed)
        }
    }

    /// One execution of each trace class.
    pub(super) fn classes(
        &self,
        store: StoreKind,
        found: &Classes,
        elapsed: Duration,
    ) -> Result<Entry, Error> {
        let Classes { found, classes, blocked } = found;
        let entry = self.exploration(store, found, found.verdict(), elapsed, |over_admission| {
            Evidence::Dpor(DporEvidence {
                executions: found.executions,
                violating_executions: found.violating,
                classes: *classes,
                over_admission,
            })
        })?;
        let blocked = (*blocked > 0).then(|| format!("{blocked} executions led to no class of their own"));
        Ok(Entry { notes: blocked.into_iter().collect(), ..entry })
    }

    /// Executions that were drawn at random.
    pub(super) fn sample(
        &self,
        store: StoreKind,
        sampled: &Sample,
        exact_share: Option<f64>,
        elapsed: Duration,
    ) -> Result<Entry, Error> {
        let estimate = sampled.estimate().map(|ViolationEstimate { share, wait }| Estimate {
            share: share.value,
            share_interval: (share.low, share.high),
            executions_to_first: wait.value,
            executions_to_first_interval: (wait.low, wait.high),
            exact_share,
            first: sampled.first_violation,
        });
        self.exploration(store, &sampled.found, sampled.verdict(), elapsed, |over_admission| {
            Evidence::Sample(SampleEvidence {
                strategy: sampled.sampler.to_string(),
                executions: sampled.found.executions,
                violating_executions: sampled.found.violating,
                estimate,
                over_admission,
            })
        })
    }

    /// What a server says of the graph that a census counts over.
    pub(super) fn certificate(
        &self,
        census: &Census,
        certified: &Certified,
        elapsed: Duration,
    ) -> Result<Entry, Error> {
        let store = StoreKind::Redis;
        let stopped = census.stopped.as_ref().or(certified.stopped.as_ref());
        // What was not certified to its end makes no claim: the violation is the model's until then.
        let (verdict, violation) = match stopped {
            Some(_) => (Verdict::Undecided, None),
            None => (census.verdict(), census.violation.as_ref()),
        };
        let (mut counterexample, trace) = self.counterexample_of(store, violation)?;
        if let Some(found) = &mut counterexample {
            // Until it is replayed there.
            found.confirmed_on = vec![StoreKind::Model];
        }
        let difference = certified.first.as_ref().map(|first| Coverage {
            stopped_by: report::StoppedBy::Mismatch,
            covered: self.difference(first),
        });
        let judgement = match &difference {
            Some(_) => Judgement::mismatch(self.expected),
            None => Judgement::new(verdict, self.expected),
        };
        let encodings: Vec<&str> = certified.encodings.iter().map(String::as_str).collect();
        let encodings = (!encodings.is_empty())
            .then(|| format!("certified with sorted sets encoded as {}", encodings.join(" and ")));
        let evidence = Evidence::Certify(CertifyEvidence {
            certificate: Certificate {
                pairs: certified.pairs,
                edges: certified.edges,
                namings: certified.namings,
                cases: Some(Cases { asked: certified.cases, of: certified.planned }),
            },
            mismatches: certified.mismatches,
            over_admission: match stopped {
                Some(_) => None,
                None => Some(OverAdmission::of_peak(census.highest, self.scenario.limit)),
            },
        });
        Ok(Entry {
            coverage: difference
                .or_else(|| census.stopped.as_ref().map(|bound| Coverage::of(bound, census.states, "state")))
                .or_else(|| stopped.map(|bound| Coverage::of(bound, certified.cases, "case"))),
            counterexample,
            trace,
            notes: certified.asymmetry.iter().cloned().chain(encodings).collect(),
            rerun: Some(explore_command(self, store)),
            ..self.entry(store, evidence, judgement, elapsed)
        })
    }

    /// A difference from the model, with the shortest schedule that leads to it.
    fn difference(&self, first: &Mismatch) -> String {
        let turns = first.schedule.iter().copied().map(Turn::Choice).collect();
        let schedule = Schedule { turns };
        let order = schedule.display(&self.scenario.client_names()).to_string();
        format!("{order}: {first}")
    }

    /// loom's executions.
    pub(super) fn loom(&self, explored: &LoomExploration, elapsed: Duration) -> Result<Entry, Error> {
        let found = &explored.found;
        self.exploration(StoreKind::Loom, found, found.verdict(), elapsed, |over_admission| {
            Evidence::Loom(LoomEvidence {
                executions: found.executions,
                violating_executions: found.violating,
                outcomes: explored.results.0.len() as u64,
                over_admission,
            })
        })
    }

    /// What all searches have in common.
    fn exploration(
        &self,
        store: StoreKind,
        found: &Exploration,
        verdict: Verdict,
        elapsed: Duration,
        evidence: impl FnOnce(OverAdmission) -> Evidence,
    ) -> Result<Entry, Error> {
        let judgement = Judgement::new(verdict, self.expected);
        let (counterexample, trace) = self.counterexample_of(store, found.violation.as_ref())?;
        let peak = found.peak().max(trace.as_ref().map_or(0, Trace::peak));
        let evidence = evidence(OverAdmission::of_peak(peak, self.scenario.limit));
        Ok(Entry {
            coverage: found.stopped.as_ref().map(|bound| Coverage::of(bound, found.executions, "execution")),
            counterexample,
            trace,
            rerun: Some(explore_command(self, store)),
            ..self.entry(store, evidence, judgement, elapsed)
        })
    }

    pub(super) fn counterexample_of(
        &self,
        store: StoreKind,
        violation: Option<&Violation>,
    ) -> Result<(Option<Counterexample>, Option<Trace>), Error> {
        Ok(match violation {
            Some(violation) => {
                let (counterexample, trace) = self.counterexample(store, violation)?;
                (Some(counterexample), Some(trace))
            }
            None => (None, None),
        })
    }

    /// A violation as it is shown. Its rows and its critical pair come from the model, which needs no server.
    fn counterexample(
        &self,
        store: StoreKind,
        violation: &Violation,
    ) -> Result<(Counterexample, Trace), Error> {
        let schedule = Schedule { turns: violation.order.iter().copied().map(Turn::Choice).collect() };
        let order = schedule.display(&self.scenario.client_names()).to_string();
        let mut trace = replay(self.world(), Model::new(), &schedule, Passing::Allowed, &Control::default())?;
        trace.rows.truncate(violation.order.len());
        let counterexample = Counterexample {
            critical_pair: critical_pair(&self.world(), Model::new(), &violation.order)?,
            explanation: explain(&trace, self.scenario.limit, &self.scenario.client_names()),
            // Where it was found on a server, every reply was the model's.
            confirmed_on: if store == StoreKind::Redis { vec![StoreKind::Model, store] } else { vec![store] },
            reproduce: replay_command(self, &order, store),
            order,
        };
        Ok((counterexample, trace))
    }

    /// A search that ended at a reply of the server's that was not the model's.
    pub(super) fn mismatch(
        &self,
        store: StoreKind,
        engine: Engine,
        difference: String,
        elapsed: Duration,
    ) -> Entry {
        let rerun = Some(explore_command(self, store));
        Entry { rerun, ..self.mismatch_of(store, Evidence::Void(engine), difference, elapsed) }
    }

    fn mismatch_of(
        &self,
        store: StoreKind,
        evidence: Evidence,
        difference: String,
        elapsed: Duration,
    ) -> Entry {
        Entry {
            coverage: Some(Coverage { stopped_by: report::StoppedBy::Mismatch, covered: difference }),
            ..self.entry(store, evidence, Judgement::mismatch(self.expected), elapsed)
        }
    }

    /// A result that is not to be trusted, as somebody else changed the server meanwhile.
    pub(super) fn interfered(&self, entry: Entry, why: &str) -> Entry {
        let differed = entry.coverage.filter(|it| it.stopped_by == report::StoppedBy::Mismatch);
        let covered = match differed {
            Some(differed) => format!("{why}; {}", differed.covered),
            None => why.to_owned(),
        };
        let evidence = match entry.evidence {
            Evidence::Schedule(found) => Evidence::Schedule(ScheduleEvidence {
                name: found.name,
                order: found.order,
                ..ScheduleEvidence::default()
            }),
            other => Evidence::Void(other.engine()),
        };
        Entry {
            coverage: Some(Coverage { stopped_by: report::StoppedBy::Interference, covered }),
            rerun: entry.rerun,
            elapsed_ns: entry.elapsed_ns,
            ..self.undecided(entry.store, evidence)
        }
    }

    fn undecided(&self, store: StoreKind, evidence: Evidence) -> Entry {
        let judgement = Judgement::new(Verdict::Undecided, self.expected);
        Entry::new(&self.scenario.name, self.limiter.name(), store, evidence, judgement)
    }

    fn entry(&self, store: StoreKind, evidence: Evidence, judgement: Judgement, elapsed: Duration) -> Entry {
        Entry {
            elapsed_ns: Some(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)),
            ..Entry::new(&self.scenario.name, self.limiter.name(), store, evidence, judgement)
        }
    }
}

impl Item<'_> {
    /// What it came to, now that it is known that somebody else changed the server meanwhile: nothing that could be said
    /// of the limiter.
    pub(super) fn interfered(&self, mut done: Done, why: &str) -> Done {
        let subject = &self.subject;
        if done.results.is_empty() && self.engine() == Engine::Schedule {
            done.not_run.iter_mut().for_each(|not_run| not_run.reason = format!("{}: {why}", not_run.reason));
            return done;
        }
        let mut results: Vec<Entry> =
            done.results.into_iter().map(|entry| subject.interfered(entry, why)).collect();
        if results.is_empty() {
            // The server was lost, or this is one shard's part.
            let rerun = Some(explore_command(subject, self.store));
            let entry = Entry { rerun, ..subject.undecided(self.store, Evidence::Void(self.engine())) };
            results.push(subject.interfered(entry, why));
        }
        Done { results, ..Done::default() }
    }
}

/// What a bound on preemptions would have missed.
fn sufficiency(counts: &preemptions::ByPreemptions) -> Option<String> {
    let most = counts.last_key_value().map(|(most, _)| *most)?;
    Some(match preemptions::first_violation(counts) {
        None => format!("no violation with any number of preemptions (at most {most})"),
        Some(0) => "first violation without any preemption".to_owned(),
        Some(first) => {
            format!("first violation at {first} preemptions; bounds up to {} are clean", first - 1)
        }
    })
}
