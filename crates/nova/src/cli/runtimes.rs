//! `nova runtimes`.

use super::{CommandResult, Context};

pub(super) async fn list(context: &Context) -> CommandResult {
    let page = context.client.list_runtimes().await?;
    let mut rows = Vec::new();
    for runtime in &page.items {
        if runtime.installed.is_empty() {
            let state = if runtime.available { "ready".to_owned() } else { "missing".to_owned() };
            let advice = runtime.install.clone().unwrap_or_default();
            rows.push(vec![runtime.name.clone(), runtime.kind.clone(), state, advice]);
        }
        for installed in &runtime.installed {
            rows.push(vec![
                runtime.name.clone(),
                runtime.kind.clone(),
                installed.version.clone(),
                installed.path.clone(),
            ]);
        }
    }
    context.printer.many(&page.items, &["runtime", "kind", "version", "where"], rows)?;
    Ok(())
}
