//! The table of files that `build.rs` makes.

/// One file of the console.
#[derive(Debug, Clone, Copy)]
pub(super) struct File {
    /// Below `/ui/`.
    pub(super) path: &'static str,
    /// Of the plain content.
    pub(super) hash: &'static str,
    pub(super) plain: &'static [u8],
    pub(super) br: Option<&'static [u8]>,
    pub(super) gzip: Option<&'static [u8]>,
}

/// Sorted by path; empty when the console was left out of the build.
pub(super) const CONSOLE: &[File] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

impl File {
    /// Whether the content of this path never changes: its name holds a hash of it.
    pub(super) fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }

    pub(super) fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "html" => "text/html; charset=utf-8",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "json" | "map" => "application/json",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "woff2" => "font/woff2",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }
}
