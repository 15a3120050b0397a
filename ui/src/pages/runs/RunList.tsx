import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useT } from "../../i18n";
import { RunTable } from "./RunTable";

const route = getRouteApi("/runs");

export function RunList() {
  const t = useT();
  const filters = route.useSearch();
  const navigate = useNavigate();
  return (
    <div className="page" data-fill="">
      <div className="page-head">
        <h1>{t("nav.runs")}</h1>
      </div>
      <RunTable filters={filters} onFilter={(search) => void navigate({ to: "/runs", search, replace: search.error !== filters.error })} />
    </div>
  );
}
