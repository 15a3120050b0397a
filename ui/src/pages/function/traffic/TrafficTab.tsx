import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { functionQuery } from "../../../api/queries";
import { Loading } from "../../../kit/Feedback";
import { Aliases } from "./Aliases";
import { WebAddress } from "./WebAddress";

const page = getRouteApi("/functions/$name");

/** Who reaches the function over the web, and which versions get the calls. */
export function TrafficTab() {
  const { name } = page.useParams();
  const fn = useQuery(functionQuery(name));
  if (!fn.data) return <Loading />;
  return (
    <div className="stack prose" key={name}>
      <Aliases fn={fn.data} />
      <WebAddress fn={fn.data} />
    </div>
  );
}
