use nova_domain::Code;
use nova_domain::call::Qualifier;
use nova_domain::version::{Build, CompileStatus};
use nova_store::PageRequest;
use nova_store::repo::{FunctionFilter, LogCursor, RunFilter, RunRecord, RunsOf};

use crate::fixture::*;

pub(crate) async fn nothing_of_another_tenant_or_namespace_is_reachable(bench: &Bench) {
    let store = &bench.store;
    let secret = function(&here(), "secret");
    let first = version(&secret, 1, CompileStatus::Pending);
    store.functions().create(&here(), &secret, &first).await.expect("creates");
    let record = RunRecord { run: run(&secret, "r1", 1), lines: vec![line(1, "secret")] };
    store.runs().insert_batch(&bench.system, vec![record].into()).await.expect("inserts");
    let page = PageRequest::default();

    for other in [scope("acme", "staging"), scope("evil", "prod")] {
        let missing = [
            store.functions().get(&other, &secret.name).await.map(drop),
            store.functions().get_by_id(&other, &secret.id).await.map(drop),
            store.functions().get_with_version(&other, &secret.name, &Qualifier::Active).await.map(drop),
            store.functions().delete(&other, &secret.name).await.map(drop),
            store.versions().get(&other, &secret.id, 1).await.map(drop),
            store.runs().get(&other, &rid("r1")).await.map(drop),
        ];
        for (index, result) in missing.into_iter().enumerate() {
            assert_eq!(result.expect_err("hidden").code(), Code::NotFound, "{index} as {other}");
        }
        let mut stolen = secret.clone();
        stolen.scope = other.clone();
        let fault = store.functions().update(&other, &stolen, None).await.expect_err("hidden");
        assert_eq!(fault.code(), Code::NotFound);
        stolen.latest_version = 2;
        let added = version(&stolen, 2, CompileStatus::NotRequired);
        let fault = store.functions().update(&other, &stolen, Some(&added)).await.expect_err("hidden");
        assert_eq!(fault.code(), Code::NotFound);
        let build = Build { status: CompileStatus::Compiling, output: String::new(), artifact: None };
        let fault = store.versions().set_build(&other, &secret.id, 1, &build).await.expect_err("hidden");
        assert_eq!(fault.code(), Code::NotFound);

        let listed = store.functions().list(&other, &FunctionFilter::default(), &page).await.expect("lists");
        assert!(listed.items.is_empty());
        assert!(store.versions().list(&other, &secret.id, &page).await.expect("lists").items.is_empty());
        let of = RunFilter { of: RunsOf::Function(secret.id.clone()), ..RunFilter::default() };
        for filter in [of, RunFilter::default()] {
            assert!(store.runs().list(&other, &filter, &page).await.expect("lists").items.is_empty());
        }
        let logs = store.logs();
        let lines = [
            logs.tail(&other, &secret.id, 9).await.expect("tail"),
            logs.of_run(&other, &rid("r1"), LogCursor::START, 9).await.expect("of run"),
            logs.after(&other, &secret.id, LogCursor::START, None, 9).await.expect("after"),
            logs.after(&other, &secret.id, LogCursor::START, Some(at(0)), 9).await.expect("since"),
        ];
        assert!(lines.iter().all(|page| page.lines.is_empty()));
        let summary = store
            .runs()
            .summary(&other, &RunsOf::Function(secret.id.clone()), at(0), at(9))
            .await
            .expect("summary");
        assert_eq!(summary.count, 0);
    }
    assert_eq!(store.versions().list(&here(), &secret.id, &page).await.expect("lists").items.len(), 1);
    assert_eq!(store.functions().get(&here(), &secret.name).await.expect("unchanged"), secret);
}
