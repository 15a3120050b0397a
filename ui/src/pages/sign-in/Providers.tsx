import { useQuery } from "@tanstack/react-query";
import { Building2 } from "lucide-react";
import { api, data } from "../../api/client";
import { useT } from "../../i18n";

/** Ways to sign in by identity providers that the server knows; nothing where there are none. */
export function Providers({ back, invitation }: { back: string; invitation?: string }) {
  const t = useT();
  const providers = useQuery({ queryKey: ["providers"], queryFn: ({ signal }) => data(api.GET("/auth/providers", { signal })), staleTime: 60_000, retry: false });
  const items = providers.data?.items ?? [];
  if (items.length === 0) return null;
  // A link, not a request: the provider's page takes the place of this one.
  const query = new URLSearchParams({ return: `/ui${back}`, ...(invitation ? { invitation } : {}) });
  return (
    <>
      <div className="stack-s">
        {items.map((one) => (
          <a key={one.name} className="btn" href={`${one.start}?${query}`}>
            <Building2 size={15} aria-hidden />
            {t(invitation ? "sign_in.accept_with" : "sign_in.with", { provider: one.title || one.name })}
          </a>
        ))}
      </div>
      <div className="or" aria-hidden>
        {t("sign_in.or")}
      </div>
    </>
  );
}
