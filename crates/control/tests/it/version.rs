//! Versions: rollback and differences.

use std::collections::BTreeMap;

use nova_control::{Change, Patch, ReplaceCode};
use nova_domain::Code;
use nova_domain::runtime::Runtime;
use nova_store::PageRequest;

use crate::support::{World, code_of, files, name, new_function};

async fn two_versions() -> World {
    let world = World::new().await;
    world
        .create(new_function("f", Runtime::Python, files(&[("main.py", "v1"), ("old.py", "")])))
        .await
        .expect("created");
    let replacement = ReplaceCode {
        source: files(&[("main.py", "v2"), ("new.py", "")]),
        entry: None,
        handler: None,
        expected: None,
    };
    world.functions.replace_code(&world.scope, &name("f"), replacement).await.expect("replaced");
    world
}

#[tokio::test]
async fn a_rollback_activates_an_old_version_and_retires_the_others() {
    let world = two_versions().await;
    let f = name("f");
    let back = world.functions.activate(&world.scope, &f, 1, None).await.expect("activated");
    assert_eq!((back.function.active_version, back.function.latest_version), (1, 2));
    assert_eq!(world.sandboxes.last_retired().map(|(_, keep)| keep), Some(vec![1, 2]));
    let again = world.functions.activate(&world.scope, &f, 1, None).await.expect("nothing to do");
    assert_eq!(again.function.revision, back.function.revision);
    assert_eq!(code_of(world.functions.activate(&world.scope, &f, 3, None).await), Code::NotFound);
    assert_eq!(code_of(world.functions.activate(&world.scope, &f, 2, Some(1)).await), Code::Conflict);
}

#[tokio::test]
async fn after_a_rollback_a_change_starts_from_the_active_version() {
    let world = two_versions().await;
    world.functions.activate(&world.scope, &name("f"), 1, None).await.expect("activated");
    let env = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
    let changed =
        world.update("f", Change { env: Patch::Set(env), ..Change::default() }).await.expect("changed");
    assert_eq!(changed.version.number, 3);
    let number = nova_domain::call::Qualifier::Number(1);
    let one = world.functions.get_version(&world.scope, &name("f"), &number).await.expect("there");
    assert_eq!(changed.version.spec.code, one.version.spec.code);
}

#[tokio::test]
async fn a_difference_names_fields_and_files() {
    let world = two_versions().await;
    let changes = world.functions.diff(&world.scope, &name("f"), 1, 2).await.expect("compared");
    let fields: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["code", "files/main.py", "files/new.py", "files/old.py"]);
    assert!(changes[2].from.is_none() && changes[3].to.is_none());
    let same = world.functions.diff(&world.scope, &name("f"), 2, 2).await.expect("compared");
    assert!(same.is_empty());
    let unknown = world.functions.diff(&world.scope, &name("f"), 1, 9).await;
    assert_eq!(code_of(unknown), Code::NotFound);
}

#[tokio::test]
async fn versions_are_listed_newest_first() {
    let world = two_versions().await;
    let page = PageRequest::new(1, None).expect("in bounds");
    let (function, first) =
        world.functions.list_versions(&world.scope, &name("f"), &page).await.expect("lists");
    assert_eq!((function.active_version, first.items[0].number), (2, 2));
    let next = page.after(first.next_cursor.expect("one more"));
    let (_, second) = world.functions.list_versions(&world.scope, &name("f"), &next).await.expect("lists");
    assert_eq!((second.items[0].number, second.next_cursor), (1, None));
    let nobody = world.functions.list_versions(&world.scope, &name("nobody"), &page).await;
    assert_eq!(code_of(nobody), Code::NotFound);
}
