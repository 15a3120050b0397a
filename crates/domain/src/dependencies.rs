//! Packages of others that code names in a manifest, and which tool installs them.

use serde::{Deserialize, Serialize};

use crate::runtime::Runtime;

/// How the packages of an interpreted function are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Installer {
    /// `requirements.txt`
    Pip,
    /// `package.json`, with `package-lock.json` exactly as that says.
    Npm,
    /// `Gemfile`, with `Gemfile.lock` exactly as that says.
    Bundler,
}

impl Installer {
    /// The files at the code's root that say what is installed.
    pub const fn manifests(self) -> &'static [&'static str] {
        match self {
            Installer::Pip => &["requirements.txt"],
            Installer::Npm => &["package.json", "package-lock.json", ".npmrc"],
            Installer::Bundler => &["Gemfile", "Gemfile.lock"],
        }
    }

    /// What has to be installed for code with these files; `None` if nothing has to, or the
    /// code brings it along (`deps/`, `vendor/`, `node_modules/`). `text` reads a file.
    pub fn find<'a>(
        runtime: Runtime,
        paths: impl IntoIterator<Item = &'a str>,
        text: impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let brought = |folders: &[&str]| {
            paths.into_iter().any(|path| folders.iter().any(|folder| path.starts_with(folder)))
        };
        match runtime {
            Runtime::Python => {
                let names_some = text("requirements.txt")?
                    .lines()
                    .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
                (names_some && !brought(&["deps/", "vendor/"])).then_some(Self::Pip)
            }
            Runtime::Node => {
                let manifest: serde_json::Value = serde_json::from_str(&text("package.json")?).ok()?;
                let names_some = ["dependencies", "optionalDependencies"].iter().any(|field| {
                    manifest.get(field).and_then(|value| value.as_object()).is_some_and(|map| !map.is_empty())
                });
                (names_some && !brought(&["node_modules/"])).then_some(Self::Npm)
            }
            Runtime::Ruby => {
                // `gemspec` takes what the code's own specification names.
                let names_some = text("Gemfile")?.lines().any(|line| {
                    let word = line.trim_start().split(['(', ' ', '"', '\'']).next().unwrap_or_default();
                    matches!(word, "gem" | "gemspec" | "eval_gemfile")
                });
                (names_some && !brought(&["deps/", "vendor/"])).then_some(Self::Bundler)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(runtime: Runtime, files: &[(&str, &str)]) -> Option<Installer> {
        let text = |path: &str| files.iter().find(|file| file.0 == path).map(|file| file.1.to_owned());
        Installer::find(runtime, files.iter().map(|file| file.0), text)
    }

    #[test]
    fn a_manifest_that_names_packages_is_installed() {
        assert_eq!(
            find(Runtime::Python, &[("main.py", ""), ("requirements.txt", "idna\n")]),
            Some(Installer::Pip)
        );
        let npm = "{\"dependencies\": {\"is-odd\": \"3\"}}";
        assert_eq!(find(Runtime::Node, &[("package.json", npm)]), Some(Installer::Npm));
        for gemfile in ["source 'https://x'\ngem 'rack', '~> 3'\n", "group(:web) do\n  gem(\"rack\")\nend\n"]
        {
            assert_eq!(find(Runtime::Ruby, &[("Gemfile", gemfile)]), Some(Installer::Bundler), "{gemfile}");
        }
    }

    #[test]
    fn nothing_is_installed_that_nobody_needs() {
        for (runtime, files) in [
            (Runtime::Python, vec![("main.py", "")]),
            (Runtime::Python, vec![("requirements.txt", "# none\n\n")]),
            (Runtime::Python, vec![("requirements.txt", "idna"), ("deps/idna/__init__.py", "")]),
            (Runtime::Node, vec![("package.json", "{\"type\": \"module\"}")]),
            (Runtime::Node, vec![("package.json", "{\"dependencies\": {}}")]),
            (Runtime::Node, vec![("package.json", "no json")]),
            (
                Runtime::Node,
                vec![("package.json", "{\"dependencies\": {\"a\": \"1\"}}"), ("node_modules/a/x.js", "")],
            ),
            (Runtime::Executable, vec![("requirements.txt", "idna")]),
            (Runtime::Ruby, vec![("Gemfile", "source 'https://rubygems.org'\n# gem 'rack'\n")]),
            (Runtime::Ruby, vec![("Gemfile", "gem 'rack'"), ("vendor/bundle/x.rb", "")]),
        ] {
            assert_eq!(find(runtime, &files), None, "{files:?}");
        }
    }
}
