//! Which names of a place a caller may do something with.

use super::pattern::Pattern;

/// A set of names: all, or those that some patterns mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Names {
    #[default]
    All,
    /// Those that any of them means; none of them covers another. Empty: no name at all.
    Of(Vec<Pattern>),
}

impl Names {
    /// What any of the patterns means.
    pub fn of(patterns: impl IntoIterator<Item = Pattern>) -> Self {
        let mut kept: Vec<Pattern> = Vec::new();
        for pattern in patterns {
            if pattern == Pattern::All {
                return Self::All;
            }
            if !kept.iter().any(|ours| ours.covers(&pattern)) {
                kept.retain(|ours| !pattern.covers(ours));
                kept.push(pattern);
            }
        }
        Self::Of(kept)
    }

    /// The names that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, names) | (names, Self::All) => names.clone(),
            // Of two patterns one covers the other, or no name is meant by both.
            (Self::Of(ours), Self::Of(theirs)) => Self::of(ours.iter().flat_map(|one| {
                theirs.iter().filter_map(move |two| match (one.covers(two), two.covers(one)) {
                    (true, _) => Some(two.clone()),
                    (_, true) => Some(one.clone()),
                    _ => None,
                })
            })),
        }
    }

    /// Whether `name` is one of them.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(patterns) => patterns.iter().any(|pattern| pattern.matches(Some(name))),
        }
    }

    /// Whether no name is one of them.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Of(patterns) if patterns.is_empty())
    }

    /// The patterns as they are written; `None`: all names.
    pub fn patterns(&self) -> Option<Vec<String>> {
        match self {
            Self::All => None,
            Self::Of(patterns) => Some(patterns.iter().map(ToString::to_string).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(patterns: &[&str]) -> Names {
        Names::of(patterns.iter().map(|text| Pattern::parse(text).expect("valid")))
    }

    #[test]
    fn a_pattern_that_another_covers_is_left_out() {
        assert_eq!(names(&["a", "ab*", "a*", "abc", "b"]), names(&["a*", "b"]));
        assert_eq!(names(&["a", "*", "b"]), Names::All);
        assert!(names(&[]).is_empty() && !names(&["a"]).is_empty() && !Names::All.is_empty());
    }

    #[test]
    fn the_names_in_both_are_those_that_each_has() {
        let sets = [&["*"][..], &["a*"], &["ab*", "c"], &["abc", "b*"], &["d"], &[]];
        for (one, two) in sets.iter().flat_map(|one| sets.iter().map(move |two| (names(one), names(two)))) {
            let both = one.and(&two);
            for name in ["a", "ab", "abc", "abcd", "b", "bc", "c", "cd", "d", "e"] {
                assert_eq!(both.has(name), one.has(name) && two.has(name), "{name} {one:?} {two:?}");
            }
        }
        assert!(names(&["a*"]).and(&names(&["b*"])).is_empty());
    }
}
