//! `nova init`: a new project folder.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use nova_domain::FunctionName;
use nova_domain::runtime::{Runtime, RuntimeRef};

use super::{CommandResult, output};

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Language: python, node, ruby, go or rust.
    runtime: String,
    /// Name of the function, and of the folder.
    name: String,
    /// Folder to make instead.
    #[arg(long)]
    folder: Option<PathBuf>,
}

const PYTHON: &str = r#"def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}")
    return {"message": f"Hello, {name}!"}
"#;

const NODE: &str = r#"exports.handler = async (event, context) => {
  const name = event.name ?? "world";
  console.log(`greeting ${name}`);
  return { message: `Hello, ${name}!` };
};
"#;

const RUBY: &str = r#"def handler(event, context)
  name = event.fetch("name", "world")
  puts "greeting #{name}"
  { message: "Hello, #{name}!" }
end
"#;

const GO: &str = r#"package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// The event is on stdin, the answer goes to stdout, log lines to stderr.
func main() {
	var event struct {
		Name string `json:"name"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&event); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if event.Name == "" {
		event.Name = "world"
	}
	fmt.Fprintf(os.Stderr, "greeting %s\n", event.Name)
	json.NewEncoder(os.Stdout).Encode(map[string]string{"message": "Hello, " + event.Name + "!"})
}
"#;

const RUST: &str = r#"use std::io::Read;

// The event is on stdin, the answer goes to stdout, log lines to stderr.
fn main() {
    let mut event = String::new();
    std::io::stdin().read_to_string(&mut event).expect("the event is UTF-8");
    eprintln!("got {} bytes", event.len());
    println!("{{\"received\": {event}}}");
}
"#;

pub(super) fn init(args: &InitArgs) -> CommandResult {
    let name = FunctionName::new(&args.name)?;
    let runtime = RuntimeRef::parse(&args.runtime)?;
    let (file, code, handler) = match runtime.runtime {
        Runtime::Python => ("main.py", PYTHON, true),
        Runtime::Node => ("main.js", NODE, true),
        Runtime::Ruby => ("main.rb", RUBY, true),
        Runtime::Go => ("main.go", GO, false),
        Runtime::Rust => ("main.rs", RUST, false),
        Runtime::Executable | Runtime::Provided => {
            return Err(anyhow::anyhow!(
                "there is no template for executables; use python, node, ruby, go or rust"
            )
            .into());
        }
    };
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from(name.as_str()));
    make(&folder, name.as_str(), &runtime, (file, code), handler)?;
    output::write_out(&format!(
        "made {0}/\n\n  nova deploy {0}\n  nova invoke {name} -d @{0}/event.json\n  nova dev {0}\n",
        folder.display()
    ))?;
    Ok(())
}

fn make(
    folder: &PathBuf,
    name: &str,
    runtime: &RuntimeRef,
    (file, code): (&str, &str),
    handler: bool,
) -> anyhow::Result<()> {
    if folder.exists() {
        bail!("{} exists already; nothing was changed", folder.display());
    }
    let mut yaml = format!("name: {name}\nruntime: {runtime}\n");
    if handler {
        yaml.push_str("handler: main.handler\n");
    }
    yaml.push_str("memory_mb: 128\ntimeout_s: 30\n");
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (path, text) in [("nova.yaml", yaml.as_str()), (file, code), ("event.json", "{\"name\": \"Nova\"}\n")]
    {
        let path = folder.join(path);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
