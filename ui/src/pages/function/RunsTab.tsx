import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { RunTable } from "../runs/RunTable";

const route = getRouteApi("/functions/$name/runs");
const page = getRouteApi("/functions/$name");

export function RunsTab() {
  const { name } = page.useParams();
  const filters = route.useSearch();
  const navigate = useNavigate();
  return <RunTable key={name} fn={name} filters={filters} onFilter={({ function: _, ...search }) => void navigate({ to: "/functions/$name/runs", params: { name }, search, replace: search.error !== filters.error })} />;
}
