import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useT } from "../../i18n";
import { JobTable } from "./JobTable";

const route = getRouteApi("/jobs");

export function JobList() {
  const t = useT();
  const filters = route.useSearch();
  const navigate = useNavigate();
  return (
    <div className="page" data-fill="">
      <div className="page-head">
        <h1>{t("nav.jobs")}</h1>
        <span className="page-sub">{t("jobs.about")}</span>
      </div>
      <JobTable filters={filters} onFilter={(search) => void navigate({ to: "/jobs", search })} />
    </div>
  );
}
