//! Showing and replacing code.

use nova_control::{Create, ReplaceCode, Source};
use nova_domain::Code;
use nova_domain::call::Qualifier;
use nova_domain::runtime::Runtime;

use crate::support::{World, code, code_of, files, name, new_function};

fn replace(source: Source) -> ReplaceCode {
    ReplaceCode { source, entry: None, handler: None, expected: None }
}

#[tokio::test]
async fn new_code_is_a_new_version_and_the_same_code_is_not() {
    let world = World::new().await;
    world.create(new_function("f", Runtime::Python, code("v1"))).await.expect("created");
    let f = name("f");
    let new = world.functions.replace_code(&world.scope, &f, replace(code("v2"))).await.expect("replaced");
    assert_eq!((new.written.version.number, new.written.function.active_version), (2, 2));
    let same = world.functions.replace_code(&world.scope, &f, replace(code("v2"))).await.expect("accepted");
    assert_eq!((same.written.version.number, same.written.function.revision), (2, 2));
    let old = world.functions.get_code(&world.scope, &f, &Qualifier::Number(1)).await.expect("there");
    assert_eq!((&old.entry[..], old.file_count), (&b"v1"[..], 1));
    let now = world.functions.get_code(&world.scope, &f, &Qualifier::Active).await.expect("there");
    assert_eq!(&now.entry[..], b"v2");
}

#[tokio::test]
async fn inline_code_keeps_the_entry_that_the_function_has() {
    let world = World::new().await;
    let create = Create {
        entry: Some("stream.py".to_owned()),
        ..new_function("f", Runtime::Python, files(&[("stream.py", "v1")]))
    };
    world.create(create).await.expect("created");
    let new =
        world.functions.replace_code(&world.scope, &name("f"), replace(code("v2"))).await.expect("replaced");
    assert_eq!(new.written.version.spec.entry, "stream.py");
}

#[tokio::test]
async fn a_new_handler_comes_with_the_new_code() {
    let world = World::new().await;
    world.create(new_function("f", Runtime::Python, code("v1"))).await.expect("created");
    let replacement = ReplaceCode {
        handler: Some("pkg.app.run".to_owned()),
        ..replace(files(&[("pkg/app.py", "v2"), ("main.py", "")]))
    };
    let new = world.functions.replace_code(&world.scope, &name("f"), replacement).await.expect("replaced");
    let spec = new.written.version.spec;
    assert_eq!((spec.entry.as_str(), spec.handler.as_deref()), ("pkg/app.py", Some("pkg.app.run")));
    assert_eq!((spec.mode, new.file_count), (nova_domain::function::Mode::Handler, 2));
}

#[tokio::test]
async fn bad_code_is_refused_and_the_old_one_stays() {
    let world = World::new().await;
    world.create(new_function("f", Runtime::Python, code("v1"))).await.expect("created");
    for source in [
        files(&[("a.py", ""), ("b.py", "")]),
        files(&[("/etc/passwd", ""), ("main.py", "")]),
        files(&[("a/../../x", ""), ("main.py", "")]),
        Source::Archive(bytes::Bytes::from_static(b"PK\x03\x04 but no zip")),
    ] {
        let refused = world.functions.replace_code(&world.scope, &name("f"), replace(source)).await;
        assert_eq!(code_of(refused), Code::InvalidArgument);
    }
    let stale = ReplaceCode { expected: Some(9), ..replace(code("v2")) };
    let refused = world.functions.replace_code(&world.scope, &name("f"), stale).await;
    assert_eq!(code_of(refused), Code::Conflict);
    assert_eq!(world.get("f").await.function.revision, 1);
}
