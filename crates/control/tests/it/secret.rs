use nova_control::Secrets;
use nova_control::secrets::{NewSecret, SecretChange};
use nova_domain::ports::Secrets as _;
use nova_domain::secret::{Grant, SecretValue};
use nova_domain::{Code, Scope, SecretName};
use nova_kit::seal::KeyStore;

use crate::support::{World, name};

fn value(text: String) -> SecretValue {
    SecretValue::new(text).expect("valid")
}

fn new(called: &str, text: String) -> NewSecret {
    NewSecret {
        name: SecretName::new(called).expect("valid"),
        value: value(text),
        description: String::new(),
        functions: vec![Grant::new("*").expect("valid")],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_value_is_lost_when_the_master_key_changes_while_others_write() {
    let world = World::new().await;
    let dir = tempfile::tempdir().expect("folder");
    let keys = KeyStore::file(&dir.path().join("master.key")).expect("made");
    let secrets = Secrets::new(world.functions.clone(), keys, world.system.clone());
    let scope = Scope::default_scope();
    let writers = (0..8).map(|writer| {
        let (secrets, scope) = (secrets.clone(), scope.clone());
        tokio::spawn(async move {
            for number in 0..40 {
                let made = new(&format!("s-{writer}-{number}"), format!("first {number}"));
                let called = made.name.clone();
                secrets.create(&scope, made).await.expect("created");
                let change = SecretChange {
                    value: Some(value(format!("{writer} {number}"))),
                    ..SecretChange::default()
                };
                secrets.change(&scope, &called, change, None).await.expect("changed");
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        assert_eq!(secrets.rotate_key().await.expect("rotated").unreadable, 0);
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    for writer in 0..8 {
        for number in 0..40 {
            let called = [SecretName::new(format!("s-{writer}-{number}")).expect("valid")];
            let read = secrets.reveal(&scope, &name("any"), &called).await.expect("readable");
            assert_eq!(read[0].expose(), format!("{writer} {number}"));
        }
    }
}

#[tokio::test]
async fn a_change_of_another_revision_is_refused_and_grants_are_taken_back_one_by_one() {
    let world = World::new().await;
    let dir = tempfile::tempdir().expect("folder");
    let keys = KeyStore::file(&dir.path().join("master.key")).expect("made");
    let secrets = Secrets::new(world.functions.clone(), keys, world.system.clone());
    let scope = Scope::default_scope();
    let made = secrets.create(&scope, new("a", "secret".to_owned())).await.expect("created");
    let stale = secrets.change(&scope, &made.name, SecretChange::default(), Some(7)).await;
    assert_eq!(stale.expect_err("another revision").code(), Code::Conflict);
    let revoke = |text: &str| SecretChange {
        revoke: vec![Grant::new(text).expect("valid")],
        ..SecretChange::default()
    };
    let unknown = secrets.change(&scope, &made.name, revoke("api"), None).await.expect_err("no such grant");
    assert_eq!(unknown.code(), Code::NotFound);
    let after = secrets.change(&scope, &made.name, revoke("*"), None).await.expect("taken back");
    assert_eq!((after.functions.len(), after.version), (0, 1), "grants make no new value");
    let refused = secrets.reveal(&scope, &name("any"), &[made.name]).await.expect_err("not granted");
    assert_eq!(refused.code(), Code::SecretUnavailable);
}
