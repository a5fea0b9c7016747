//! A campaign over several machines and days: `--shard` and `--resume`.

use std::collections::BTreeMap;

use super::problem::Problem;
use super::{args, output};
use crate::campaign::journal::Journal;
use crate::campaign::{Campaign, Known, Request};
use crate::report::shard::Shard;

/// Which part of a campaign is run, and what is known of it already.
pub(super) struct Spread {
    shard: Option<Shard>,
    journal: Option<Journal>,
    known: BTreeMap<u64, Vec<Known>>,
}

impl Spread {
    /// What the options say of that campaign.
    pub(super) fn over(spread: &args::Spread, request: &Request) -> Result<Self, Problem> {
        let text = |error: serde_json::Error| Problem::Report(error.to_string());
        let shard = match spread.shard {
            Some(share) => {
                let asked = serde_json::to_value(request).map_err(text)?;
                Some(Shard::new(share, request.fingerprint().map_err(text)?, asked))
            }
            None => None,
        };
        let (journal, known) = match &spread.resume {
            Some(file) => {
                let (journal, known) = Journal::open(file, request, spread.shard)?;
                if !known.is_empty() {
                    output::note(&format!("resumed: {} are known from {}", known.len(), file.display()));
                }
                (Some(journal), known)
            }
            None => (None, BTreeMap::new()),
        };
        Ok(Self { shard, journal, known })
    }

    /// Tells the campaign.
    pub(super) fn give(self, campaign: &mut Campaign) {
        if let Some(shard) = self.shard {
            campaign.take_share(shard);
        }
        campaign.journal = self.journal;
        campaign.known = self.known;
    }
}
