//! What only the report of one shard has: what puts it together with those of the others.
//!
//! A campaign is a list of numbered items. Most fall to one shard as a whole; of the others each shard has a part. The
//! results of the former are results like any others; what the latter came to is no result before all parts are there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::verdict::{Judgement, Verdict};
use super::{Engine, NamedServer, StoreKind};
use crate::base::share::Share;
use crate::world::control::Bound;
use crate::world::scenario::Expected;

/// Which shard it is, and what fell to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which one, counted from 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
    /// What tells campaigns apart: the SHA-1 of what was asked for.
    pub campaign: String,
    /// What was asked for, for whoever puts the shards together again.
    pub request: serde_json::Value,
    /// The server on which it ran, where the command line named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<NamedServer>,
    /// What fell to this shard, in order.
    pub items: Vec<Item>,
}

impl Shard {
    /// A shard to which nothing has fallen yet.
    pub fn new(share: Share, campaign: String, request: serde_json::Value) -> Self {
        Self { index: share.index(), of: share.of(), campaign, request, server: None, items: Vec::new() }
    }

    /// Which part of the campaign it is; none if there can be no such part.
    pub fn share(&self) -> Option<Share> {
        Share::new(self.index, self.of)
    }

    /// The parts of what is spread over all shards.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.items.iter().filter_map(|item| item.part.as_ref())
    }
}

/// What an item of the campaign came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its number in the campaign, counted from 0.
    pub item: u64,
    /// Its results, by their places in the report's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<usize>,
    /// What of it was not run, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_run: Vec<usize>,
    /// With how many clients the counterexample is shown, where not with the scenario's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<usize>,
    /// What the shard's part came to, where each shard has a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// What some of the executions of one exploration came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The scenario's name.
    pub scenario: String,
    /// The limiter's name.
    pub limiter: String,
    /// What the commands acted on.
    pub store: StoreKind,
    /// How the executions were chosen.
    pub engine: Engine,
    /// How they were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// How many there were.
    pub executions: u64,
    /// How many of them violate a property.
    pub violating_executions: u64,
    /// How many of them have which peak number of holders.
    pub peaks: BTreeMap<u32, u64>,
    /// The best order that ends with a violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Whether a real server showed it too, where it was found on the model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// The number of the first execution that violates, counted from 1, where they are numbered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// The exact share of violating executions, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_share: Option<f64>,
    /// What stopped it before it was through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Bound>,
    /// What is expected of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ns: Option<u64>,
}

// No number of it is ever not-a-number.
impl Eq for Part {}

impl Part {
    /// What a part can say of the whole: a violation is final, everything else is for the other parts to say.
    pub fn judgement(&self) -> Judgement {
        let verdict = if self.order.is_some() { Verdict::Violation } else { Verdict::Undecided };
        Judgement::new(verdict, self.expected)
    }
}
