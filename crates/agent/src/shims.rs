//! The language shims, as files that are placed in every sandbox.

/// Folder in a sandbox that holds the agent and the shims; read-only, not user code's.
pub const SHIM_DIR: &str = "/nova";

/// File name and content of each shim below [`SHIM_DIR`].
pub const SHIMS: &[(&str, &str)] = &[
    ("shim.py", include_str!("../shims/python/shim.py")),
    ("shim.js", include_str!("../shims/node/shim.js")),
    ("shim.rb", include_str!("../shims/ruby/shim.rb")),
];
