//! Packages that code asks for are installed by its build, from the usual registries.

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
