import { Link, rootRouteId, useMatches } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { useEffect } from "react";
import { useT, type Translate } from "../i18n";
import { shortId } from "../lib/format";

interface Crumb {
  text: string;
  to?: string;
}

const TABS = ["runs", "jobs", "logs", "metrics", "versions", "builds", "traffic", "access", "configuration"] as const;

const PEOPLE = [
  ["invitations", "people.invitations"],
  ["services", "people.services"],
  ["users", "people.users"],
] as const;

/** Where the page is, from its address. */
export function crumbsOf(path: string, t: Translate): Crumb[] {
  const [first, second, third] = path.split("/").filter(Boolean).map(decodeURIComponent);
  switch (first) {
    case undefined:
      return [{ text: t("nav.overview") }];
    case "functions": {
      const list = { text: t("nav.functions"), to: "/functions" };
      if (!second) return [{ text: list.text }];
      if (second === "new") return [list, { text: t("create.title") }];
      const tab = TABS.find((one) => one === third);
      const name = { text: second, to: `/functions/${encodeURIComponent(second)}` };
      return tab ? [list, name, { text: t(`tab.${tab}`) }] : [list, { text: second }];
    }
    case "runs":
      return second ? [{ text: t("nav.runs"), to: "/runs" }, { text: shortId(second) }] : [{ text: t("nav.runs") }];
    case "jobs":
      return second ? [{ text: t("nav.jobs"), to: "/jobs" }, { text: shortId(second) }] : [{ text: t("nav.jobs") }];
    case "secrets":
      return second ? [{ text: t("nav.secrets"), to: "/secrets" }, { text: second }] : [{ text: t("nav.secrets") }];
    case "people": {
      const part = PEOPLE.find(([path]) => path === second);
      return part ? [{ text: t("nav.people"), to: "/people" }, { text: t(part[1]) }] : [{ text: t("nav.people") }];
    }
    case "keys":
      return second ? [{ text: t("nav.keys"), to: "/keys" }, { text: shortId(second) }] : [{ text: t("nav.keys") }];
    case "roles":
      return second === "bindings" ? [{ text: t("nav.roles"), to: "/roles" }, { text: t("roles.bindings") }] : [{ text: t("nav.roles") }];
    case "tenants":
      return [{ text: t("nav.tenants") }];
    case "audit":
      return second ? [{ text: t("nav.audit"), to: "/audit" }, { text: second }] : [{ text: t("nav.audit") }];
    case "quotas":
      return [{ text: t("nav.quotas") }];
    case "system":
      return [{ text: t("nav.system") }];
    case "settings":
      return [{ text: t("nav.settings") }];
    default:
      return [{ text: t("missing.title") }];
  }
}

export function Crumbs() {
  const t = useT();
  const path = useMatches({
    select: (matches) => {
      const last = matches.at(-1);
      // An address of no page matches the root only.
      return last === undefined || last.routeId === rootRouteId ? "/-" : last.pathname;
    },
  }).replace(/^\/ui(?=\/|$)/, "");
  const crumbs = crumbsOf(path, t);
  const title = [...crumbs].reverse().map((crumb) => crumb.text).join(" · ");
  useEffect(() => {
    document.title = `${title} · Nova`;
  }, [title]);
  return (
    <nav className="crumbs" aria-label={t("shell.crumbs")}>
      <ol>
        {crumbs.map((crumb, index) => (
          <li key={crumb.text + index} aria-current={crumb.to ? undefined : "page"}>
            {index > 0 ? <ChevronRight size={14} aria-hidden /> : null}
            {crumb.to ? <Link to={crumb.to}>{crumb.text}</Link> : <span>{crumb.text}</span>}
          </li>
        ))}
      </ol>
    </nav>
  );
}
