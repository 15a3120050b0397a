import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { fitScope, meQuery } from "../api/me";
import { Problem } from "../api/problem";
import { needsKey, signedOut } from "../api/session";
import { ErrorBox } from "../kit/Feedback";
import { useStore } from "../lib/store";
import { Shell } from "./Shell";

/** Pages for those who are not signed in. */
const OPEN = ["/sign-in", "/accept"];

/** An address without the console's own beginning. */
const inside = (href: string) => href.replace(/^\/ui(?=[/?#]|$)/, "") || "/";

export function Root() {
  const path = useRouterState({ select: (state) => inside(state.location.pathname) });
  return OPEN.includes(path) ? <Outlet /> : <Gate />;
}

/** Shows pages to whom the server knows, and leads all others to the sign-in page and back. */
function Gate() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const href = useRouterState({ select: (state) => inside(state.location.href) });
  const out = useStore(signedOut);
  const me = useQuery({ ...meQuery, enabled: !out });
  const unknown = out || (me.error instanceof Problem && me.error.status === 401);
  useEffect(() => {
    if (!me.data) return;
    fitScope(me.data);
    needsKey.set(!me.data.dev);
  }, [me.data]);
  useEffect(() => {
    if (!unknown) return;
    // What the person before saw is not for the next.
    void queries.cancelQueries().then(() => queries.clear());
    void navigate({ to: "/sign-in", search: { to: href === "/" ? undefined : href }, replace: true });
  }, [unknown, href, navigate, queries]);
  if (unknown) return null;
  if (me.error && !me.data) {
    return (
      <Shell>
        <div className="page">
          <ErrorBox error={me.error} retry={() => void me.refetch()} />
        </div>
      </Shell>
    );
  }
  return <Shell>{me.data ? undefined : null}</Shell>;
}
