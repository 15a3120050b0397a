//! Packages that code asks for are installed by its build, from the usual registries.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::server::{Server, shared};

/// A project folder with these files, deployed; what the command said.
fn deploy(server: &Server, files: &[(&str, &str)]) -> std::process::Output {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), files);
    server.nova(&["deploy", dir.path().to_str().unwrap()])
}

fn write(dir: &std::path::Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn told(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn a_python_function_imports_what_its_requirements_name() {
    let server = shared();
    let code = "import six\ndef handler(e, c):\n    return six.__version__\n";
    let yaml = "name: with-pip\nruntime: python\nhandler: main.handler\n";
    let files = [("nova.yaml", yaml), ("requirements.txt", "six==1.16.0\n"), ("main.py", code)];
    let output = deploy(server, &files);
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.invoke("with-pip", "{}").1["output"], "1.16.0");
    // A package that is not there fails the build; the version before goes on serving.
    let broken =
        [("nova.yaml", yaml), ("requirements.txt", "nova-no-such-package-3f1c==1\n"), ("main.py", code)];
    let output = deploy(server, &broken);
    assert!(told(&output).contains("nova-no-such-package-3f1c"), "{}", told(&output));
    assert_eq!(server.invoke("with-pip", "{}").1["output"], "1.16.0");
}

#[test]
fn a_node_function_requires_what_its_package_names() {
    let server = shared();
    let files = [
        ("nova.yaml", "name: with-npm\nruntime: node\nhandler: main.handler\n"),
        ("package.json", "{\"dependencies\": {\"is-number\": \"7.0.0\"}}"),
        ("main.js", "exports.handler = async (event) => require('is-number')(event.n);\n"),
    ];
    let output = deploy(server, &files);
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.invoke("with-npm", "{\"n\": \"5\"}").1["output"], true);
}

#[test]
fn a_rust_package_is_built_with_its_crates() {
    let server = shared();
    let main = "fn main() { println!(\"\\\"{}\\\"\", itoa::Buffer::new().format(42)); }\n";
    let files = [
        ("nova.yaml", "name: with-cargo\nruntime: rust\n"),
        (
            "Cargo.toml",
            "[package]\nname = \"with-cargo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nitoa = \"1\"\n",
        ),
        ("src/main.rs", main),
    ];
    let output = deploy(server, &files);
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.invoke("with-cargo", "{}").1["output"], "42");
}

/// Serves the files of a folder, as a registry does. Ends with the test process.
struct Registry {
    folder: tempfile::TempDir,
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Registry {
    fn start() -> Self {
        use std::io::{BufRead as _, BufReader, Write as _};
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (root, asked) = (folder.path().to_owned(), Arc::new(AtomicUsize::new(0)));
        let count = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                let mut lines = BufReader::new(&stream).lines();
                let Some(Ok(first)) = lines.next() else { continue };
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let path = first.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
                let found = std::fs::read(root.join(path.trim_start_matches('/'))).ok();
                let (status, body) = found.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
                let head = format!(
                    "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                let _ = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(&body));
            }
        });
        Self { folder, port, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", told(&output));
}

/// An index with `nova-greeting` 1.0.0 and 1.1.0, which needs `nova-words`.
fn gems(folder: &Path) -> PathBuf {
    let made = folder.join("gems-made");
    for (name, version, needs, code) in [
        ("nova-words", "2.0.0", "", "module NovaWords\n  HELLO = 'hello'\nend\n"),
        (
            "nova-greeting",
            "1.0.0",
            "s.add_dependency 'nova-words', '~> 2.0'",
            "require 'nova-words'\nmodule NovaGreeting\n  VERSION = '1.0.0'\n  def self.to(name) = \"#{NovaWords::HELLO} #{name}\"\nend\n",
        ),
        (
            "nova-greeting",
            "1.1.0",
            "s.add_dependency 'nova-words', '~> 2.0'",
            "require 'nova-words'\nmodule NovaGreeting\n  VERSION = '1.1.0'\n  def self.to(name) = \"#{NovaWords::HELLO}, #{name}\"\nend\n",
        ),
    ] {
        let source = made.join(format!("{name}-{version}"));
        let spec = format!(
            "Gem::Specification.new do |s|\n  s.name = '{name}'\n  s.version = '{version}'\n  s.summary = 'of a test'\n  \
             s.authors = ['a test']\n  s.files = ['lib/{name}.rb']\n  {needs}\nend\n"
        );
        write(&source, &[(&format!("lib/{name}.rb"), code), ("x.gemspec", &spec)]);
        let target = folder.join("gems/gems");
        std::fs::create_dir_all(&target).unwrap();
        let file = target.join(format!("{name}-{version}.gem"));
        run(Command::new("gem")
            .args(["build", "--silent", "--force", "x.gemspec", "--output"])
            .arg(file)
            .current_dir(&source));
    }
    run(Command::new("gem").args(["generate_index", "--silent", "--directory"]).arg(folder.join("gems")));
    folder.join("gems")
}

#[test]
fn a_ruby_function_finds_the_gems_of_its_gemfile_at_the_version_of_its_lock() {
    let registry = Registry::start();
    gems(registry.folder.path());
    let server = Server::start(&["--set", &format!("build.gem_source={}", registry.url("gems"))]);
    let yaml = "name: with-gems\nruntime: ruby\nhandler: main.handler\n";
    // The source that it names is not asked: the server's is.
    let gemfile = "source 'https://rubygems.org'\ngem 'nova-greeting'\n".to_owned();
    let code = "require 'nova-greeting'\ndef handler(event, context)\n  [NovaGreeting::VERSION, NovaGreeting.to(event['name'])]\nend\n";
    let output = deploy(&server, &[("nova.yaml", yaml), ("Gemfile", &gemfile), ("main.rb", code)]);
    assert!(output.status.success(), "{}", told(&output));
    let answer = server.invoke("with-gems", "{\"name\": \"Ada\"}").1;
    assert_eq!(answer["output"], serde_json::json!(["1.1.0", "hello, Ada"]), "{answer}");

    let lock = "GEM\n  remote: https://rubygems.org/\n  specs:\n    nova-greeting (1.0.0)\n      nova-words (~> 2.0)\n    \
                nova-words (2.0.0)\n\nPLATFORMS\n  ruby\n  x86_64-linux\n  aarch64-linux\n\nDEPENDENCIES\n  nova-greeting\n";
    let locked = [("nova.yaml", yaml), ("Gemfile", &gemfile), ("Gemfile.lock", lock), ("main.rb", code)];
    let output = deploy(&server, &locked);
    assert!(output.status.success(), "{}", told(&output));
    let answer = server.invoke("with-gems", "{\"name\": \"Ada\"}").1;
    assert_eq!(answer["output"], serde_json::json!(["1.0.0", "hello Ada"]), "{answer}");

    // The same again is not installed again, for another function either, and a script has them too.
    let asked = registry.asked.load(Ordering::Relaxed);
    let script = "require 'nova-greeting'\nputs NovaGreeting.to('script').inspect\n";
    let again = [
        ("nova.yaml", "name: gem-script\nruntime: ruby\n"),
        ("Gemfile", gemfile.as_str()),
        ("Gemfile.lock", lock),
        ("main.rb", script),
    ];
    let output = deploy(&server, &again);
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.invoke("gem-script", "{}").1["output"], "hello script");
    assert_eq!(registry.asked.load(Ordering::Relaxed), asked);

    // What is not there, and a lock that does not fit, fail the build; the version before serves on.
    for (gemfile, word) in [
        ("source 'https://rubygems.org'\ngem 'nova-no-such-gem'\n", "nova-no-such-gem"),
        ("source 'https://rubygems.org'\ngem 'nova-greeting'\ngem 'nova-words', '~> 3'\n", "Gemfile"),
    ] {
        let mut files = vec![("nova.yaml", yaml), ("Gemfile", gemfile), ("main.rb", code)];
        if word == "Gemfile" {
            files.push(("Gemfile.lock", lock));
        }
        let output = deploy(&server, &files);
        assert!(!output.status.success() && told(&output).contains(word), "{}", told(&output));
        assert_eq!(server.invoke("with-gems", "{\"name\": \"x\"}").1["output"][0], "1.0.0");
    }
}

#[test]
fn a_go_function_is_built_with_modules_of_the_proxy_and_with_vendored_ones() {
    let registry = Registry::start();
    let module = "module example.test/greet\n\ngo 1.18\n";
    let library = "package greet\n\nfunc To(name string) string { return \"hello \" + name }\n";
    let at = "go/example.test/greet/@v";
    write(
        registry.folder.path(),
        &[
            (&format!("{at}/list"), "v1.2.0\n"),
            (&format!("{at}/v1.2.0.info"), "{\"Version\": \"v1.2.0\", \"Time\": \"2026-01-01T00:00:00Z\"}"),
            (&format!("{at}/v1.2.0.mod"), module),
            ("src/example.test/greet@v1.2.0/go.mod", module),
            ("src/example.test/greet@v1.2.0/greet.go", library),
        ],
    );
    let pack = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n    for n in ('go.mod', 'greet.go'):\n        \
                z.write('example.test/greet@v1.2.0/' + n)\n";
    run(Command::new("/usr/bin/python3")
        .args(["-c", pack])
        .arg(registry.folder.path().join(at).join("v1.2.0.zip"))
        .current_dir(registry.folder.path().join("src")));
    let server = Server::start(&["--set", &format!("build.go_proxy={}", registry.url("go"))]);
    let main = "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.test/greet\"\n)\n\nfunc main() { fmt.Printf(\"%q\", greet.To(\"Go\")) }\n";
    let needs = "module function\n\ngo 1.18\n\nrequire example.test/greet v1.2.0\n";
    let output = deploy(
        &server,
        &[("nova.yaml", "name: go-proxy\nruntime: go\n"), ("go.mod", needs), ("main.go", main)],
    );
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.invoke("go-proxy", "{}").1["output"], "hello Go");
    let asked = registry.asked.load(Ordering::Relaxed);
    assert!(asked > 0);

    let vendored = [
        ("nova.yaml", "name: go-vendor\nruntime: go\n"),
        ("go.mod", needs),
        ("main.go", main),
        ("vendor/modules.txt", "# example.test/greet v1.2.0\n## explicit; go 1.18\nexample.test/greet\n"),
        ("vendor/example.test/greet/greet.go", library),
    ];
    let output = deploy(&server, &vendored);
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.invoke("go-vendor", "{}").1["output"], "hello Go");
    assert_eq!(registry.asked.load(Ordering::Relaxed), asked, "what is vendored is not fetched");

    let wrong = needs.replace("v1.2.0", "v9.0.0");
    let broken =
        [("nova.yaml", "name: go-proxy\nruntime: go\n"), ("go.mod", wrong.as_str()), ("main.go", main)];
    let output = deploy(&server, &broken);
    assert!(!output.status.success() && told(&output).contains("example.test/greet"), "{}", told(&output));
    assert_eq!(server.invoke("go-proxy", "{}").1["output"], "hello Go");
}

#[test]
fn a_build_shows_its_lines_while_it_runs_without_the_registrys_password() {
    let registry = Registry::start();
    // A build that goes on only once this test has seen its first line, and then prints what it knows.
    let gate = registry.folder.path().join("gate");
    let build = format!(
        "use std::io::{{Read, Write}};\nfn main() {{\n    for _ in 0..600 {{\n        let mut answer = String::new();\n        \
         if let Ok(mut stream) = std::net::TcpStream::connect(\"127.0.0.1:{}\") {{\n            \
         let _ = stream.write_all(b\"GET /gate HTTP/1.0\\r\\n\\r\\n\");\n            \
         let _ = stream.read_to_string(&mut answer);\n        }}\n        \
         if answer.contains(\" 200 \") {{\n            break;\n        }}\n        \
         std::thread::sleep(std::time::Duration::from_millis(100));\n    }}\n    \
         println!(\"cargo:warning=registry {{}}\", std::env::var(\"REGISTRY\").unwrap());\n    \
         println!(\"cargo:warning=its password is hunter#42\");\n}}\n",
        registry.port
    );
    let url = format!("sparse+http://reader:hunter%2342@127.0.0.1:{}/index/", registry.port);
    let server = Server::start(&["--set", &format!("build.cargo_registry={url}")]);
    let dir = tempfile::tempdir().unwrap();
    let manifest =
        "[package]\nname = \"slow-build\"\nversion = \"0.1.0\"\nedition = \"2021\"\nbuild = \"build.rs\"\n";
    write(
        dir.path(),
        &[
            ("nova.yaml", "name: slow-build\nruntime: rust\n"),
            ("Cargo.toml", manifest),
            ("build.rs", &build),
            ("src/main.rs", "fn main() { println!(\"7\"); }\n"),
        ],
    );
    let mut deploy = crate::server::command(&server.url())
        .args(["deploy", dir.path().to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = {
        use std::io::{BufRead as _, BufReader};
        let (sender, receiver) = std::sync::mpsc::channel();
        let stderr = deploy.stderr.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        receiver
    };
    let mut seen = Vec::new();
    let mut wait_for = |text: &str| {
        while !seen.iter().any(|line: &String| line.contains(text)) {
            let line = lines.recv_timeout(std::time::Duration::from_secs(60));
            seen.push(
                line.unwrap_or_else(|error| panic!("{error}: no {text:?} in {seen:?}\n{}", server.log())),
            );
        }
    };
    wait_for("Compiling slow-build");
    assert!(deploy.try_wait().unwrap().is_none(), "the build has not ended");
    let so_far = server.get("/functions/slow-build/versions/1/build/log").1;
    assert!(so_far.contains("\"compiling\"") && so_far.contains("Compiling slow-build"), "{so_far}");
    std::fs::write(&gate, "go on").unwrap();
    assert!(deploy.wait().unwrap().success(), "{seen:?}\n{}", server.log());
    seen.extend(lines.iter());
    assert_eq!(server.invoke("slow-build", "{}").1["output"], 7);

    assert!(seen.iter().any(|line| line.contains("its password is ***")), "{seen:?}");
    let whole = server.nova_ok(&["fn", "build-log", "slow-build", "--follow"]);
    let stored = server.get("/functions/slow-build/versions/1/build/log").1;
    assert!(stored.contains("\"success\"") && stored.contains("its password is ***"), "{stored}");
    for text in [seen.join("\n"), so_far, whole, stored, server.get("/functions/slow-build").1, server.log()]
    {
        assert!(!text.contains("hunter"), "{text}");
    }
    assert_eq!(server.get("/functions/slow-build/versions/7/build/log").0, 404);
    assert_eq!(server.get("/functions/nobody/versions/1/build/log?follow=true").0, 404);
}
