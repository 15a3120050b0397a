//! Which paths a tree takes.

use nova_domain::Fault;

use super::{PATH_MAX, entry_fault};

/// Checks a path of a tree: relative, `/`-separated, 1 to [`PATH_MAX`] bytes, no empty,
/// `.` or `..` part, no NUL, backslash or control character.
pub fn check_path(path: &str) -> Result<(), Fault> {
    if path.is_empty() {
        return Err(entry_fault(path, "has no name"));
    }
    if path.len() > PATH_MAX {
        return Err(entry_fault(path, format!("has a path of more than {PATH_MAX} bytes")));
    }
    if path.starts_with('/') {
        return Err(entry_fault(path, "has an absolute path: use paths relative to the archive"));
    }
    if path.contains('\\') {
        return Err(entry_fault(path, "has a backslash in its path: use `/`"));
    }
    if path.chars().any(char::is_control) {
        return Err(entry_fault(path, "has a control character in its path"));
    }
    for part in path.split('/') {
        match part {
            ".." => return Err(entry_fault(path, "leads out of the archive by `..`")),
            "." | "" => return Err(entry_fault(path, "has an empty or `.` part in its path")),
            // The file system's own limit.
            part if part.len() > 255 => return Err(entry_fault(path, "has a name of more than 255 bytes")),
            _ => {}
        }
    }
    Ok(())
}

/// The name of an archive entry as a path: UTF-8, leading `./` and a directory's trailing
/// `/` taken off. `None` for the archive's root.
pub(super) fn entry_path(raw: &[u8]) -> Result<Option<&str>, Fault> {
    let text = std::str::from_utf8(raw)
        .map_err(|_| entry_fault(&String::from_utf8_lossy(raw), "has a name that is not UTF-8"))?;
    let mut path = text;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    if path == "." || (path.is_empty() && !text.is_empty() && !text.starts_with('/')) {
        return Ok(None);
    }
    check_path(path)?;
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths_pass() {
        for good in ["a", "a/b.py", "ä/ö", ".hidden", "a b", "..a", "a..", &"x".repeat(255)] {
            assert!(check_path(good).is_ok(), "{good}");
        }
        let long = ["x".repeat(128), "y".repeat(128)].join("/");
        let bad = ["", "/a", "a//b", "a/", "./a", "a/./b", "..", "a/../b", "a\\b", "a\0b", "a\nb", &long];
        for path in bad {
            assert!(check_path(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn entries_lose_their_leading_dot_and_their_trailing_slash() {
        assert_eq!(entry_path(b"./a/b").expect("good"), Some("a/b"));
        assert_eq!(entry_path(b"a/").expect("good"), Some("a"));
        for root in [&b"./"[..], b"."] {
            assert_eq!(entry_path(root).expect("the root"), None);
        }
        for bad in [&b"/"[..], b"", b"./../x", b"\xff", b".//x", b"a//"] {
            assert!(entry_path(bad).is_err(), "{bad:?}");
        }
    }
}
