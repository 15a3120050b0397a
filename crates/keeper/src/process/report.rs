//! What the keeper says of itself and its sandboxes.

use super::keeper::Keeper;
use crate::protocol::{Layer, SandboxInfo, Status};
use crate::sandbox::cgroup::Cgroups;

impl Keeper {
    pub(super) fn list(&self) -> Vec<SandboxInfo> {
        self.sandboxes
            .iter()
            .take(400)
            .map(|(id, sandbox)| SandboxInfo {
                sandbox: *id,
                pid: sandbox.pid as u32,
                uid: sandbox.uid,
                label: sandbox.label.clone(),
                stock: sandbox.stock.clone(),
                leased: sandbox.leased,
                age_ms: sandbox.made_at.elapsed().as_millis() as u64,
                memory_bytes: sandbox.cgroup.memory_now(),
                group: sandbox.cgroup.name().to_owned(),
            })
            .collect()
    }

    pub(super) fn status(&self) -> Status {
        let mut stock = self.stock.states();
        for (key, state) in &mut stock {
            state.memory_bytes = self
                .stock
                .on_shelf(key)
                .filter_map(|id| self.sandboxes.get(&id))
                .map(|sandbox| sandbox.cgroup.memory_now())
                .sum();
        }
        Status {
            pid: std::process::id(),
            rootless: self.recipe.rootless,
            layers: self.layers(),
            stock,
            sandboxes: self.sandboxes.len() as u32,
            launched_total: self.launched,
            from_stock_total: self.from_stock,
            refill_error: self.stock.error.clone(),
        }
    }

    fn layers(&self) -> Vec<Layer> {
        let layer = |name: &str, active: bool, detail: &str| Layer {
            name: name.to_owned(),
            active,
            detail: detail.to_owned(),
        };
        let (limits, detail) = match &self.cgroups {
            Cgroups::V1 { .. } => (true, "cgroup v1: memory, cpu, pids".to_owned()),
            Cgroups::V2 { root } => (true, format!("cgroup v2: memory, cpu, pids; in {}", root.display())),
            Cgroups::None { reason } => (
                false,
                format!(
                    "memory, CPU and process limits do not hold ({reason}); start Nova as root, or delegate \
                     control groups to this user (systemd: Delegate=yes)"
                ),
            ),
        };
        let uids = if self.recipe.rootless {
            layer(
                "own user per sandbox",
                false,
                "sandboxes share one host user, so only namespaces keep them apart; start Nova as root",
            )
        } else {
            let (base, count) = self.uids;
            layer("own user per sandbox", true, &format!("host uids {base} to {}", base + count - 1))
        };
        vec![
            layer("namespaces", true, "user, mount, pid, net, ipc, uts, cgroup"),
            layer("read-only root", true, "tmpfs template with the host's /usr, private /tmp and /proc"),
            layer("system call filter", true, "allow-list, no new privileges, no capabilities"),
            layer("limits", limits, &detail),
            uids,
        ]
    }
}
