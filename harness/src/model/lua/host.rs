//! What the functions that scripts call share with what runs the scripts.

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use mlua::MultiValue;

use super::super::database::Database;
use super::super::error_reply::{Answer, ErrorReply};
use super::super::rows::Handler;
use super::super::table;
use super::convert;

/// After about so many Lua instructions a script is stopped with an error, also where it catches errors.
pub const INSTRUCTION_LIMIT: u64 = 10_000_000;

/// How many instructions pass between two looks at the limit.
pub(super) const INSTRUCTIONS_PER_CHECK: u32 = 1_000;

pub(super) const RUNAWAY: ErrorReply =
    ErrorReply::fixed("ERR The script ran for too many instructions and was stopped");

/// The database that scripts act on, and how far the running one has come.
#[derive(Default)]
pub(super) struct Host {
    /// The database that is lent while a script runs.
    database: RefCell<Database>,
    /// How many looks at the limit the running script has been given.
    checks: Cell<u64>,
    /// The state of `math.random`, which starts anew with each script.
    random: Cell<u64>,
}

impl Host {
    /// A new script: it has run no instruction, and random numbers start where they always start.
    pub(super) fn begin(&self) {
        self.checks.set(0);
        self.seed(0);
    }

    /// Exchanges the database with the one that is lent.
    pub(super) fn swap(&self, database: &mut Database) {
        std::mem::swap(database, &mut self.database.borrow_mut());
    }

    /// Some more instructions were run: fails once the script has used up its own.
    pub(super) fn count(&self) -> mlua::Result<()> {
        self.checks.set(self.checks.get() + 1);
        self.check()
    }

    pub(super) fn is_spent(&self) -> bool {
        self.checks.get() * u64::from(INSTRUCTIONS_PER_CHECK) >= INSTRUCTION_LIMIT
    }

    /// Fails once the running script has used up its instructions.
    pub(super) fn check(&self) -> mlua::Result<()> {
        if self.is_spent() { Err(mlua::Error::external(RUNAWAY)) } else { Ok(()) }
    }

    /// Runs a command for a script.
    pub(super) fn call(&self, args: &MultiValue) -> Answer {
        if args.is_empty() {
            return Err(ErrorReply::fixed(
                "ERR Please specify at least one argument for this redis lib call",
            ));
        }
        let parts: Option<Vec<Bytes>> = args.iter().map(convert::to_argument).collect();
        let parts = parts
            .ok_or(ErrorReply::fixed("ERR Lua redis lib command arguments must be strings or integers"))?;
        let row = table::resolve_in_script(&parts)?;
        match row.handler {
            Handler::Data(handler) => {
                let mut database = self.database.borrow_mut();
                row.note(&mut database, &parts);
                handler(&mut database, &parts[row.words..])
            }
            Handler::Server(_) => Err(ErrorReply::fixed("ERR This Redis command is not allowed from script")),
        }
    }

    /// Starts the random numbers anew, as C's `srand48` does.
    pub(super) fn seed(&self, seed: i64) {
        const LOW: u64 = 0x330E;
        self.random.set(((seed.cast_unsigned() & 0xFFFF_FFFF) << 16) | LOW);
    }

    /// The next number of the 48-bit linear congruential generator that C calls `lrand48`, scaled to `0..1`.
    pub(super) fn next_random(&self) -> f64 {
        const MULTIPLIER: u64 = 0x5_DEEC_E66D;
        const INCREMENT: u64 = 0xB;
        const LARGEST: u32 = i32::MAX.unsigned_abs();
        let next = self.random.get().wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & ((1 << 48) - 1);
        self.random.set(next);
        let bits = u32::try_from(next >> 17).expect("48 bits less 17 are 31");
        f64::from(bits % LARGEST) / f64::from(LARGEST)
    }
}
