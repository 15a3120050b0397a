import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { NotFound } from "./NotFound";
import { PageError } from "./PageError";
import { pick, parseSearch, stringifySearch } from "./search";
import { Root } from "./Root";

interface Context {
  queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ component: Root, notFoundComponent: NotFound });

const range = ["since", "until"] as const;
const runFilters = ["function", "status", "source", "error", "since", "until"] as const;

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: pick(...range),
  staticData: { needs: "log:read" },
  component: lazyRouteComponent(() => import("../pages/overview/Overview"), "Overview"),
});

const functions = createRoute({
  getParentRoute: () => root,
  path: "/functions",
  validateSearch: pick("q", "runtime", "state"),
  staticData: { needs: "function:read" },
  component: lazyRouteComponent(() => import("../pages/functions/FunctionList"), "FunctionList"),
});

const create = createRoute({
  getParentRoute: () => root,
  path: "/functions/new",
  validateSearch: pick("from"),
  staticData: { needs: "function:create" },
  component: lazyRouteComponent(() => import("../pages/functions/Create"), "Create"),
});

const fn = createRoute({
  getParentRoute: () => root,
  path: "/functions/$name",
  component: lazyRouteComponent(() => import("../pages/function/FunctionPage"), "FunctionPage"),
});

const code = createRoute({
  getParentRoute: () => fn,
  path: "/",
  validateSearch: pick("version", "file", "run"),
  component: lazyRouteComponent(() => import("../pages/function/CodeTab"), "CodeTab"),
});

const functionRuns = createRoute({
  getParentRoute: () => fn,
  path: "/runs",
  validateSearch: pick("status", "source", "error", "since", "until"),
  component: lazyRouteComponent(() => import("../pages/function/RunsTab"), "RunsTab"),
});

const functionJobs = createRoute({
  getParentRoute: () => fn,
  path: "/jobs",
  validateSearch: pick("status"),
  component: lazyRouteComponent(() => import("../pages/function/JobsTab"), "JobsTab"),
});

const logs = createRoute({
  getParentRoute: () => fn,
  path: "/logs",
  validateSearch: pick("q", "stream", "run"),
  component: lazyRouteComponent(() => import("../pages/function/LogsTab"), "LogsTab"),
});

const metrics = createRoute({
  getParentRoute: () => fn,
  path: "/metrics",
  validateSearch: pick(...range),
  component: lazyRouteComponent(() => import("../pages/function/MetricsTab"), "MetricsTab"),
});

const versions = createRoute({
  getParentRoute: () => fn,
  path: "/versions",
  validateSearch: pick("from", "to"),
  component: lazyRouteComponent(() => import("../pages/function/VersionsTab"), "VersionsTab"),
});

const builds = createRoute({
  getParentRoute: () => fn,
  path: "/builds",
  validateSearch: pick("version"),
  component: lazyRouteComponent(() => import("../pages/function/BuildsTab"), "BuildsTab"),
});

const traffic = createRoute({
  getParentRoute: () => fn,
  path: "/traffic",
  component: lazyRouteComponent(() => import("../pages/function/traffic/TrafficTab"), "TrafficTab"),
});

const access = createRoute({
  getParentRoute: () => fn,
  path: "/access",
  component: lazyRouteComponent(() => import("../pages/function/AccessTab"), "AccessTab"),
});

const config = createRoute({
  getParentRoute: () => fn,
  path: "/configuration",
  component: lazyRouteComponent(() => import("../pages/function/ConfigTab"), "ConfigTab"),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: pick(...runFilters),
  staticData: { needs: "log:read" },
  component: lazyRouteComponent(() => import("../pages/runs/RunList"), "RunList"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$id",
  component: lazyRouteComponent(() => import("../pages/runs/RunPage"), "RunPage"),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  validateSearch: pick("function", "status"),
  staticData: { needs: "log:read" },
  component: lazyRouteComponent(() => import("../pages/jobs/JobList"), "JobList"),
});

const job = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$id",
  staticData: { needs: "log:read" },
  component: lazyRouteComponent(() => import("../pages/jobs/JobPage"), "JobPage"),
});

const secrets = createRoute({
  getParentRoute: () => root,
  path: "/secrets",
  staticData: { needs: "secret:read" },
  component: lazyRouteComponent(() => import("../pages/secrets/SecretList"), "SecretList"),
});

const secret = createRoute({
  getParentRoute: () => root,
  path: "/secrets/$name",
  staticData: { needs: "secret:read" },
  component: lazyRouteComponent(() => import("../pages/secrets/SecretPage"), "SecretPage"),
});

const people = createRoute({
  getParentRoute: () => root,
  path: "/people",
  component: lazyRouteComponent(() => import("../pages/people/People"), "People"),
});

const members = createRoute({
  getParentRoute: () => people,
  path: "/",
  staticData: { needs: "member:read" },
  component: lazyRouteComponent(() => import("../pages/people/Members"), "Members"),
});

const invitations = createRoute({
  getParentRoute: () => people,
  path: "/invitations",
  validateSearch: pick("of"),
  staticData: { needs: "member:read" },
  component: lazyRouteComponent(() => import("../pages/people/Invitations"), "Invitations"),
});

const services = createRoute({
  getParentRoute: () => people,
  path: "/services",
  staticData: { needs: "service_account:read" },
  component: lazyRouteComponent(() => import("../pages/people/Services"), "Services"),
});

const users = createRoute({
  getParentRoute: () => people,
  path: "/users",
  staticData: { needs: "user:read" },
  component: lazyRouteComponent(() => import("../pages/people/UserList"), "UserList"),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: "/keys",
  validateSearch: pick("of", "new"),
  staticData: { needs: "key:read" },
  component: lazyRouteComponent(() => import("../pages/keys/KeyList"), "KeyList"),
});

const key = createRoute({
  getParentRoute: () => root,
  path: "/keys/$id",
  validateSearch: pick("of"),
  staticData: { needs: "key:read" },
  component: lazyRouteComponent(() => import("../pages/keys/KeyPage"), "KeyPage"),
});

const tenants = createRoute({
  getParentRoute: () => root,
  path: "/tenants",
  staticData: { needs: "tenant:read" },
  component: lazyRouteComponent(() => import("../pages/tenants/Tenants"), "Tenants"),
});

const roles = createRoute({
  getParentRoute: () => root,
  path: "/roles",
  component: lazyRouteComponent(() => import("../pages/roles/Roles"), "Roles"),
});

const roleList = createRoute({
  getParentRoute: () => roles,
  path: "/",
  validateSearch: pick("role"),
  staticData: { needs: "role:read" },
  component: lazyRouteComponent(() => import("../pages/roles/RoleList"), "RoleList"),
});

const bindings = createRoute({
  getParentRoute: () => roles,
  path: "/bindings",
  validateSearch: pick("of"),
  staticData: { needs: "role:read" },
  component: lazyRouteComponent(() => import("../pages/roles/Bindings"), "Bindings"),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: pick("of", "actor", "action", "resource", "outcome", "since", "until"),
  staticData: { needs: "audit:read" },
  component: lazyRouteComponent(() => import("../pages/audit/AuditList"), "AuditList"),
});

const auditEntry = createRoute({
  getParentRoute: () => root,
  path: "/audit/$seq",
  validateSearch: pick("of"),
  staticData: { needs: "audit:read" },
  component: lazyRouteComponent(() => import("../pages/audit/AuditPage"), "AuditPage"),
});

const quotas = createRoute({
  getParentRoute: () => root,
  path: "/quotas",
  staticData: { needs: "quota:read" },
  component: lazyRouteComponent(() => import("../pages/quotas/Quotas"), "Quotas"),
});

const system = createRoute({
  getParentRoute: () => root,
  path: "/system",
  validateSearch: pick("q"),
  staticData: { needs: "system:read" },
  component: lazyRouteComponent(() => import("../pages/system/System"), "System"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("../pages/settings/Settings"), "Settings"),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: pick("to"),
  component: lazyRouteComponent(() => import("../pages/sign-in/SignIn"), "SignIn"),
});

const accept = createRoute({
  getParentRoute: () => root,
  path: "/accept",
  component: lazyRouteComponent(() => import("../pages/sign-in/Accept"), "Accept"),
});

const tree = root.addChildren([
  overview,
  functions,
  create,
  fn.addChildren([code, functionRuns, functionJobs, logs, metrics, versions, builds, traffic, access, config]),
  runs,
  run,
  jobs,
  job,
  secrets,
  secret,
  people.addChildren([members, invitations, services, users]),
  keys,
  key,
  tenants,
  roles.addChildren([roleList, bindings]),
  audit,
  auditEntry,
  quotas,
  system,
  settings,
  signIn,
  accept,
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: "/ui",
    context: { queries },
    defaultPreload: "intent",
    parseSearch,
    stringifySearch,
    scrollRestoration: true,
    defaultErrorComponent: PageError,
  });
}

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    /** The permission without which the page is not shown. */
    needs?: string;
  }
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
