//! What `GET /system` tells.

use std::sync::Arc;

use nova_api::v1::{IsolationView, KeeperView, SettingView, StockView, SystemView};
use nova_comet::process::ProcessBackend;
use nova_keeper::protocol::Status;
use nova_zenith::SystemReport;

/// A report over the keeper's state now and `fixed`, which does not change while the server runs.
pub(super) fn report(fixed: SystemView, backend: Arc<ProcessBackend>) -> SystemReport {
    Arc::new(move || {
        let (mut view, backend) = (fixed.clone(), backend.clone());
        Box::pin(async move {
            match backend.status().await {
                Ok(status) => {
                    view.isolation = isolation(&status);
                    view.keeper = keeper(status);
                }
                Err(error) => view.keeper.error = Some(error.to_string()),
            }
            view
        })
    })
}

/// Settings as `nova config show` prints them.
pub(super) fn settings(
    loaded: &nova_kit::config::Loaded<crate::settings::ServerSettings>,
) -> Vec<SettingView> {
    loaded
        .shown()
        .map(|(key, value, origin)| SettingView { key: key.to_owned(), value, origin: origin.to_string() })
        .collect()
}

fn isolation(status: &Status) -> Vec<IsolationView> {
    let view = |layer: &nova_keeper::protocol::Layer| IsolationView {
        name: layer.name.clone(),
        active: layer.active,
        detail: layer.detail.clone(),
    };
    status.layers.iter().map(view).collect()
}

fn keeper(status: Status) -> KeeperView {
    let stock = status.stock.into_iter().map(|(key, stock)| StockView {
        key,
        ready: stock.ready,
        starting: stock.starting,
        target: stock.target,
        memory_bytes: stock.memory_bytes,
    });
    KeeperView {
        error: status.refill_error,
        pid: status.pid,
        rootless: status.rootless,
        sandboxes: status.sandboxes,
        launched_total: status.launched_total,
        from_stock_total: status.from_stock_total,
        stock: stock.collect(),
    }
}
