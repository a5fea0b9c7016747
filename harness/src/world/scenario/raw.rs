//! A scenario file as it was written: keys and types are right and every value knows where it stands; nothing is linked
//! yet.

use super::table::Located;

/// A scenario file as it was written. What is absent or could not be read is `None` or left out.
#[derive(Debug)]
pub(super) struct Raw<'d> {
    pub(super) title: Option<Located<&'d str>>,
    pub(super) why: Option<Located<&'d str>>,
    pub(super) limit: Option<Located<i128>>,
    pub(super) limiters: Option<Located<Vec<Located<&'d str>>>>,
    /// The limiters that the file itself would define.
    pub(super) defined_limiters: Vec<&'d str>,
    pub(super) clients: Option<Located<Vec<RawClient<'d>>>>,
    pub(super) workers: Option<Located<RawWorkers<'d>>>,
    pub(super) on_reject: Option<Located<&'d str>>,
    pub(super) repeat: Option<Located<i128>>,
    pub(super) key: Option<Located<&'d str>>,
    pub(super) lease: Option<Located<&'d str>>,
    pub(super) properties: Option<Located<Vec<Located<&'d str>>>>,
    pub(super) schedules: Vec<RawSchedule<'d>>,
    pub(super) explore: Option<Vec<RawExpectation<'d>>>,
}

#[derive(Debug)]
pub(super) struct RawClient<'d> {
    pub(super) name: Located<&'d str>,
    pub(super) program: Program<'d>,
}

#[derive(Debug)]
pub(super) struct RawWorkers<'d> {
    pub(super) count: Option<Located<i128>>,
    pub(super) program: Program<'d>,
}

pub(super) type Program<'d> = Vec<Located<&'d str>>;

#[derive(Debug)]
pub(super) struct RawSchedule<'d> {
    pub(super) name: Option<Located<&'d str>>,
    pub(super) order: Option<Located<&'d str>>,
    pub(super) expect: Vec<RawExpectation<'d>>,
}

#[derive(Debug)]
pub(super) struct RawExpectation<'d> {
    pub(super) limiter: Located<&'d str>,
    pub(super) verdict: Located<&'d str>,
}
