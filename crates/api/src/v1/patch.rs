//! A field of a PATCH body: absent, null or a value.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Absent leaves the field as it is, null sets it back to its default, a value sets it.
/// Use with `#[serde(default, skip_serializing_if = "Patch::is_absent")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Leave as it is.
    #[default]
    Absent,
    /// Back to the default.
    Null,
    /// This value.
    Value(T),
}

impl<T> Patch<T> {
    /// Whether the body does not name the field.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Writes the patch into `target`; null writes `default`.
    pub fn apply(self, target: &mut T, default: T) {
        match self {
            Self::Absent => {}
            Self::Null => *target = default,
            Self::Value(value) => *target = value,
        }
    }

    /// Applies `change` to a value, if there is one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(change(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            None => Self::Null,
            Some(value) => Self::Value(value),
        })
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => serializer.serialize_some(value),
        }
    }
}
