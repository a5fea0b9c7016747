//! Replies that many commands give.

use bytes::Bytes;
use gatecrash_limiter::Reply;

/// A byte string, or nil where there is none.
pub(super) fn bulk_or_nil(value: Option<&Bytes>) -> Reply {
    value.map_or(Reply::Nil, |text| Reply::Bulk(text.clone()))
}

/// A length or a count as a reply.
pub(super) fn length(n: usize) -> Reply {
    Reply::Int(i64::try_from(n).expect("nothing is longer than i64::MAX"))
}
