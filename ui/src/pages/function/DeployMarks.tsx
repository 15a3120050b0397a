import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Schemas } from "../../api/client";
import { useCan } from "../../api/me";
import { REFRESH, versionsQuery, type StatsRange } from "../../api/queries";
import { useT } from "../../i18n";
import type { Mark } from "../../kit/marks";
import { Time } from "../../kit/Time";
import { absolute } from "../../lib/format";
import { preferences } from "../../lib/preferences";
import { useStore } from "../../lib/store";
import { useActor } from "../audit/actor";
import { deploysQuery, versionsMade, type Deploy } from "./deploys";

/** Marks that are told one by one above the charts. */
const TOLD = 6;

interface Deploys {
  deploys: Deploy[];
  marks: Mark[];
  /** By the audit log; otherwise when versions were made is all that is known. */
  exact: boolean;
}

/** When which version began to run in a range, of one function or of all: by the audit log, or by the versions of the one for who may not read that. */
export function useDeploys(name: string | undefined, range: StatsRange, stats: Pick<Schemas["StatsView"], "since" | "until"> | undefined): Deploys {
  const t = useT();
  const exact = useCan()("audit:read");
  const actor = useActor();
  const { zone } = useStore(preferences);
  const told = useQuery({ ...deploysQuery(name, range), enabled: exact, refetchInterval: 6 * REFRESH, placeholderData: keepPreviousData });
  const versions = useInfiniteQuery({ ...versionsQuery(name ?? ""), enabled: !exact && name !== undefined });
  const deploys = useMemo(() => {
    if (exact) return told.data ?? [];
    return stats ? versionsMade(versions.data?.pages.flatMap((page) => page.items) ?? [], Date.parse(stats.since), Date.parse(stats.until)) : [];
  }, [exact, told.data, versions.data, stats]);
  const marks = deploys.map((one) => {
    const what = name === undefined ? `${one.function} v${one.version}` : `v${one.version}`;
    const params = { what, time: absolute(one.at, zone).slice(0, 19) };
    return {
      at: one.at / 1000,
      label: name === undefined ? "" : what,
      text: one.entry ? t("deploys.by", { ...params, who: actor(one.entry) }) : t("deploys.made", params),
    };
  });
  return { deploys, marks, exact };
}

/** What the marks in the charts are, for who cannot point at them too. `name`: they are all of one function. */
export function DeployLegend({ name, deploys, exact }: Pick<Deploys, "deploys" | "exact"> & { name?: string }) {
  const t = useT();
  const { zone } = useStore(preferences);
  if (deploys.length === 0) return null;
  const more = deploys.length - TOLD;
  return (
    <p className="deploys small">
      <i aria-hidden />
      <span>{t(exact ? "deploys.legend" : "deploys.legend_made")}</span>
      {deploys
        .slice(-TOLD)
        .reverse()
        .map((one) => (
          <span key={`${one.function} ${one.version} ${one.at}`}>
            <Link to="/functions/$name/versions" params={{ name: one.function }} search={one.before === null ? {} : { from: String(one.before), to: String(one.version) }} title={absolute(one.at, zone)}>
              {name === undefined ? `${one.function} ` : ""}v{one.version}
            </Link>{" "}
            <Time at={new Date(one.at).toISOString()} />
          </span>
        ))}
      {more > 0 ? <span>{t("deploys.more", { n: more })}</span> : null}
    </p>
  );
}
