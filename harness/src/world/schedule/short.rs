//! The short form of a schedule's text: what repeats is folded. [`Schedule::parse`] reads it back as the same turns.

use std::fmt;

use super::{Choice, ClientId, Schedule, Turn};

impl Schedule {
    /// The schedule in its short form: `2A..C` is two turns each of A, B and C, one client after another, and `A..C*` an
    /// operation of each.
    pub fn short<'a>(&'a self, names: &'a [String]) -> ShortForm<'a> {
        ShortForm { turns: &self.turns, names }
    }
}

/// Prints turns in the short form.
#[derive(Clone, Copy, Debug)]
pub struct ShortForm<'a> {
    turns: &'a [Turn],
    names: &'a [String],
}

/// Fewer clients than that are named one by one.
const FEWEST_IN_A_RANGE: u16 = 3;

/// The same turn, so many times, of so many clients, one client after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fold {
    turn: Turn,
    times: usize,
    clients: u16,
}

impl ShortForm<'_> {
    fn folds(&self) -> Vec<Fold> {
        let mut folds: Vec<Fold> = Vec::new();
        for run in self.turns.chunk_by(|one, next| one == next && repeats(*one)) {
            let next = Fold { turn: run[0], times: run.len(), clients: 1 };
            match folds.last_mut() {
                Some(last) if last.times == next.times && last.is_followed_by(next.turn) => last.clients += 1,
                _ => folds.push(next),
            }
        }
        folds
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, fold: Fold) -> fmt::Result {
        if fold.times > 1 {
            write!(f, "{}", fold.times)?;
        }
        let Some(first) = fold.turn.client().filter(|_| fold.clients > 1) else {
            return write!(f, "{}", fold.turn.display(self.names));
        };
        // The first client's name, without what it does.
        write!(f, "{}..", Turn::Choice(Choice::Step(first)).display(self.names))?;
        let last = ClientId(first.0 + fold.clients - 1);
        write!(f, "{}", fold.turn.of(last).display(self.names))
    }
}

impl Fold {
    /// Whether that turn is the same one of the client after the last.
    fn is_followed_by(&self, next: Turn) -> bool {
        let after = self.turn.client().map(|first| ClientId(first.0 + self.clients));
        after.is_some_and(|after| next == self.turn.of(after))
    }
}

impl Turn {
    /// The same turn of another client, where it is a client's.
    fn of(self, client: ClientId) -> Self {
        match self {
            Self::Operation(_) => Self::Operation(client),
            Self::Choice(Choice::Step(_)) => Self::Choice(Choice::Step(client)),
            Self::Choice(Choice::Crash(_)) => Self::Choice(Choice::Crash(client)),
            Self::Choice(Choice::Advance(_)) => self,
        }
    }
}

/// Whether a turn means something more than once in a row, and has a short form for it.
fn repeats(turn: Turn) -> bool {
    matches!(turn, Turn::Operation(_) | Turn::Choice(Choice::Step(_)))
}

impl fmt::Display for ShortForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for fold in self.folds() {
            // Two clients are no shorter as a range.
            let (ranges, each) =
                if fold.clients < FEWEST_IN_A_RANGE { (fold.clients, 1) } else { (1, fold.clients) };
            for range in 0..ranges {
                let turn =
                    fold.turn.client().map_or(fold.turn, |first| fold.turn.of(ClientId(first.0 + range)));
                f.write_str(space)?;
                self.write(f, Fold { turn, clients: each, ..fold })?;
                space = " ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["A", "B", "C", "D", "E"].map(str::to_owned).to_vec()
    }

    fn shortened(text: &str) -> String {
        Schedule::parse(text, &names()).expect("it reads").short(&names()).to_string()
    }

    #[test]
    fn what_repeats_is_folded() {
        for (plain, short) in [
            ("", ""),
            ("A", "A"),
            ("A B A B", "A B A B"),
            ("A A B B C C D E E D", "2A..C D 2E D"),
            ("A* B* C* D* +30s +30s E!crash", "A..D* +30s +30s E!crash"),
            ("A B C D E A B C", "A..E A..C"),
            ("A A B B", "2A 2B"),
            ("C B A", "C B A"),
            ("A!crash B!crash C!crash", "A..C!crash"),
        ] {
            assert_eq!(shortened(plain), short);
        }
    }
}
