import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { JobTable } from "../jobs/JobTable";

const route = getRouteApi("/functions/$name/jobs");
const page = getRouteApi("/functions/$name");

export function JobsTab() {
  const { name } = page.useParams();
  const filters = route.useSearch();
  const navigate = useNavigate();
  return <JobTable key={name} fn={name} filters={filters} onFilter={({ status }) => void navigate({ to: "/functions/$name/jobs", params: { name }, search: { status } })} />;
}
