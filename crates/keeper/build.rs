//! Builds the static agent that every sandbox runs as process 1 and hands its path to
//! the crate, which embeds it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    let target = env::var("TARGET").expect("set by cargo");
    let agent = manifest.join("../agent");
    println!("cargo:rerun-if-changed={}", agent.join("src").display());
    println!("cargo:rerun-if-changed={}", agent.join("shims").display());
    println!("cargo:rerun-if-changed={}", agent.join("Cargo.toml").display());
    println!("cargo:rerun-if-changed=build.rs");

    // A target directory of its own: the outer cargo holds the lock of the usual one. It
    // lies beside the outer one's profile folders, so that all crates share one build of it.
    let shared = out.ancestors().nth(4).map_or_else(|| out.join("agent"), |dir| dir.join("agent"));
    let flags_name = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
    let status = Command::new(env::var_os("CARGO").expect("set by cargo"))
        .args(["build", "--quiet", "--profile", "agent", "--package", "nova-agent", "--bin", "nova-agent"])
        .args(["--target", &target, "--target-dir"])
        .arg(&shared)
        .current_dir(&agent)
        .env(flags_name, "-C target-feature=+crt-static -C relocation-model=static")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("CLIPPY_ARGS")
        .status()
        .expect("cargo can be started");
    assert!(status.success(), "the agent did not build");
    let binary = shared.join(&target).join("agent/nova-agent");
    println!("cargo:rustc-env=NOVA_AGENT_BINARY={}", binary.display());
}
