//! Where Nova keeps things. One map, for root and for ordinary users.
//!
//! | | root | ordinary user |
//! |---|---|---|
//! | data (must be kept) | `/var/lib/nova` | `$XDG_DATA_HOME/nova` or `~/.local/share/nova` |
//! | cache (may be deleted) | `/var/cache/nova` | `$XDG_CACHE_HOME/nova` or `~/.cache/nova/server` |
//! | run (gone after a restart) | `/run/nova` | `$XDG_RUNTIME_DIR/nova` or `/tmp/nova-UID` |

use std::path::{Path, PathBuf};

/// The three directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    pub data: PathBuf,
    pub cache: PathBuf,
    pub run: PathBuf,
}

/// What decides about the defaults.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    pub uid: u32,
    pub home: Option<PathBuf>,
    pub xdg_data: Option<PathBuf>,
    pub xdg_cache: Option<PathBuf>,
    pub xdg_runtime: Option<PathBuf>,
}

impl Surroundings {
    /// Of this process.
    pub fn here() -> Self {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        // SAFETY: no arguments, cannot fail.
        let uid = unsafe { libc::geteuid() };
        Self {
            uid,
            home: path("HOME"),
            xdg_data: path("XDG_DATA_HOME"),
            xdg_cache: path("XDG_CACHE_HOME"),
            xdg_runtime: path("XDG_RUNTIME_DIR"),
        }
    }
}

impl Dirs {
    /// The defaults.
    pub fn defaults(around: &Surroundings) -> Self {
        if around.uid == 0 {
            return Self {
                data: "/var/lib/nova".into(),
                cache: "/var/cache/nova".into(),
                run: "/run/nova".into(),
            };
        }
        let home = around.home.clone().unwrap_or_else(|| PathBuf::from(format!("/tmp/nova-{}", around.uid)));
        let data = around.xdg_data.clone().unwrap_or_else(|| home.join(".local/share")).join("nova");
        let cache =
            around.xdg_cache.clone().map_or_else(|| home.join(".cache/nova/server"), |dir| dir.join("nova"));
        let run = around
            .xdg_runtime
            .clone()
            .map_or_else(|| PathBuf::from(format!("/tmp/nova-{}", around.uid)), |dir| dir.join("nova"));
        Self { data, cache, run }
    }

    /// The defaults, each replaced by a setting that is not empty. If only `data` is set,
    /// the other two go below it, so that one option moves a whole server.
    pub fn resolve(around: &Surroundings, data: &str, cache: &str, run: &str) -> Self {
        let defaults = Self::defaults(around);
        let choose = |text: &str, default: PathBuf, name: &str| match (text, data) {
            ("", "") => default,
            ("", data) => absolute(Path::new(data)).join(name),
            (text, _) => absolute(Path::new(text)),
        };
        Self {
            cache: choose(cache, defaults.cache, "cache"),
            run: choose(run, defaults.run, "run"),
            data: if data.is_empty() { defaults.data } else { absolute(Path::new(data)) },
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_users_have_their_own_map() {
        let root = Dirs::defaults(&Surroundings::default());
        assert_eq!(root.data, Path::new("/var/lib/nova"));
        let user = Surroundings { uid: 1000, home: Some("/home/u".into()), ..Surroundings::default() };
        let dirs = Dirs::defaults(&user);
        assert_eq!(dirs.data, Path::new("/home/u/.local/share/nova"));
        assert_eq!(dirs.run, Path::new("/tmp/nova-1000"));
    }

    #[test]
    fn one_data_directory_moves_all_three() {
        let dirs = Dirs::resolve(&Surroundings::default(), "/srv/n", "", "");
        assert_eq!((dirs.cache, dirs.run), ("/srv/n/cache".into(), "/srv/n/run".into()));
        let dirs = Dirs::resolve(&Surroundings::default(), "/srv/n", "/c", "");
        assert_eq!((dirs.cache, dirs.run), ("/c".into(), "/srv/n/run".into()));
    }
}
