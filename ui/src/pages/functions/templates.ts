import type { Key } from "../../i18n";

export interface Template {
  id: string;
  name: string;
  about: Key;
  runtime: string;
  handler?: string;
  entry: string;
  code: string;
  event: string;
}

/** Functions to begin with; each works as it is. */
export const TEMPLATES: Template[] = [
  {
    id: "python",
    name: "Python",
    about: "template.handler",
    runtime: "python",
    handler: "main.handler",
    entry: "main.py",
    event: '{"name": "Ada"}',
    code: `def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}")
    return {"message": f"Hello, {name}!"}
`,
  },
  {
    id: "node",
    name: "Node.js",
    about: "template.handler",
    runtime: "node",
    handler: "main.handler",
    entry: "main.js",
    event: '{"name": "Ada"}',
    code: `exports.handler = async (event, context) => {
  const name = event.name ?? "world";
  console.log(\`greeting \${name}\`);
  return { message: \`Hello, \${name}!\` };
};
`,
  },
  {
    id: "ruby",
    name: "Ruby",
    about: "template.handler",
    runtime: "ruby",
    handler: "main.handler",
    entry: "main.rb",
    event: '{"name": "Ada"}',
    code: `def handler(event, context)
  name = event.fetch("name", "world")
  warn "greeting #{name}"
  { message: "Hello, #{name}!" }
end
`,
  },
  {
    id: "python-stream",
    name: "Python, streaming",
    about: "template.stream",
    runtime: "python",
    handler: "main.handler",
    entry: "main.py",
    event: '{"prompt": "tell me something", "pause": 0.08}',
    code: `import time


def handler(event, context):
    words = f"You asked: {event.get('prompt', 'nothing')}. Each word is sent when it is there.".split()
    for word in words:
        yield word + " "
        time.sleep(event.get("pause", 0.08))
`,
  },
  {
    id: "python-script",
    name: "Python, script",
    about: "template.script",
    runtime: "python",
    entry: "main.py",
    event: "{}",
    code: `import json
import sys

event = json.load(sys.stdin)
print("this is a log line", file=sys.stderr)
print(json.dumps({"got": event}))
`,
  },
  {
    id: "go",
    name: "Go",
    about: "template.process",
    runtime: "go",
    entry: "main.go",
    event: '{"name": "Ada"}',
    code: `package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	event := struct{ Name string }{"world"}
	if err := json.NewDecoder(os.Stdin).Decode(&event); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "greeting", event.Name)
	json.NewEncoder(os.Stdout).Encode(map[string]string{"message": "Hello, " + event.Name + "!"})
}
`,
  },
  {
    id: "rust",
    name: "Rust",
    about: "template.process",
    runtime: "rust",
    entry: "main.rs",
    event: '{"name": "Ada"}',
    code: `use std::io::Read;

fn main() {
    let mut event = String::new();
    std::io::stdin().read_to_string(&mut event).expect("an event");
    eprintln!("got {} bytes", event.len());
    println!("{{\\"size\\": {}}}", event.len());
}
`,
  },
];
