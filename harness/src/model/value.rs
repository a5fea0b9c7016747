//! What a key can hold. Collections sit behind an `Arc`, so that a copy of a database shares them until one changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use super::sorted_set::Zset;

/// A list, left to right.
pub(super) type List = VecDeque<Bytes>;
/// A set, in byte order.
pub(super) type Set = BTreeSet<Bytes>;
/// A hash, in byte order of its fields.
pub(super) type Hash = BTreeMap<Bytes, Bytes>;

/// A value of any type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum StoredValue {
    Text(Bytes),
    List(Arc<List>),
    Set(Arc<Set>),
    Hash(Arc<Hash>),
    Zset(Arc<Zset>),
}

impl StoredValue {
    /// The type's name as `TYPE` says it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Hash(_) => "hash",
            Self::Zset(_) => "zset",
        }
    }
}

/// One type of value, so that a key can be read and changed as that type.
pub(super) trait ValueKind: Clone + Default {
    /// The value, if it is of this type.
    fn view(value: &StoredValue) -> Option<&Self>;
    /// The value, if it is of this type, to be changed.
    fn view_mut(value: &mut StoredValue) -> Option<&mut Self>;
    /// As a value of any type.
    fn wrap(self) -> StoredValue;
    /// Whether a key that holds this must vanish: a server keeps no empty collections.
    fn is_void(&self) -> bool;
}

impl ValueKind for Bytes {
    fn view(value: &StoredValue) -> Option<&Self> {
        if let StoredValue::Text(text) = value { Some(text) } else { None }
    }

    fn view_mut(value: &mut StoredValue) -> Option<&mut Self> {
        if let StoredValue::Text(text) = value { Some(text) } else { None }
    }

    fn wrap(self) -> StoredValue {
        StoredValue::Text(self)
    }

    fn is_void(&self) -> bool {
        false
    }
}

macro_rules! collection {
    ($kind:ident) => {
        impl ValueKind for $kind {
            fn view(value: &StoredValue) -> Option<&Self> {
                if let StoredValue::$kind(inner) = value { Some(inner) } else { None }
            }

            fn view_mut(value: &mut StoredValue) -> Option<&mut Self> {
                if let StoredValue::$kind(inner) = value { Some(Arc::make_mut(inner)) } else { None }
            }

            fn wrap(self) -> StoredValue {
                StoredValue::$kind(Arc::new(self))
            }

            fn is_void(&self) -> bool {
                self.is_empty()
            }
        }
    };
}

collection!(List);
collection!(Set);
collection!(Hash);
collection!(Zset);
