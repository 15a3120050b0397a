import { Dialog as Radix } from "radix-ui";
import { useState, type ReactNode } from "react";
import { useT } from "../i18n";
import { Button } from "./Button";
import { ErrorBox } from "./Feedback";

export function Dialog({ open, onClose, title, about, wide, children }: { open: boolean; onClose: () => void; title: string; about?: string; wide?: boolean; children: ReactNode }) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Overlay className="veil" />
        <Radix.Content className="dialog" data-size={wide ? "wide" : undefined} {...(about ? {} : { "aria-describedby": undefined })}>
          <Radix.Title asChild>
            <h2>{title}</h2>
          </Radix.Title>
          {about ? <Radix.Description className="muted">{about}</Radix.Description> : null}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Before what cannot be taken back: what goes with it, the name to type, the button that says it. */
export function ConfirmName({ open, onClose, title, name, verb, plan, act }: { open: boolean; onClose: () => void; title: string; name: string; verb: string; plan: ReactNode; act: () => Promise<unknown> }) {
  const t = useT();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = () => {
    setTyped("");
    setError(null);
    onClose();
  };
  return (
    <Dialog open={open} onClose={close} title={title}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed !== name || busy) return;
          setBusy(true);
          setError(null);
          act()
            .then(close, setError)
            .finally(() => setBusy(false));
        }}
      >
        {plan}
        <div className="field">
          <label htmlFor="confirm-name">{t("confirm.type", { name })}</label>
          <input id="confirm-name" className="input mono" value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
        </div>
        {error ? <ErrorBox error={error} /> : null}
        <div className="acts">
          <Button onClick={close}>{t("act.keep")}</Button>
          <Button type="submit" kind="danger" disabled={typed !== name || busy}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
