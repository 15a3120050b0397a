import { useT, type Key } from "../../i18n";
import { prefer, preferences, type Preferences } from "../../lib/preferences";
import { useStore } from "../../lib/store";
import { Account } from "./Account";

/** Choices of this browser, and the keys. */
export function Settings() {
  const t = useT();
  const now = useStore(preferences);
  const choice = <K extends keyof Preferences>(key: K, title: string, options: [Preferences[K], string][]) => (
    <fieldset className="field" style={{ border: 0, padding: 0, margin: 0 }}>
      <legend className="label" style={{ fontSize: 12, fontWeight: 560, color: "var(--text-2)", marginBottom: 6 }}>
        {title}
      </legend>
      <span className="row">
        {options.map(([value, text]) => (
          <label key={String(value)} className="check" style={{ marginRight: 12 }}>
            <input type="radio" name={key} checked={now[key] === value} onChange={() => prefer({ [key]: value } as Partial<Preferences>)} />
            {text}
          </label>
        ))}
      </span>
    </fieldset>
  );
  const keys: [string, Key][] = [
    ["Ctrl K", "keys.palette"],
    ["/", "keys.search"],
    ["?", "keys.all"],
    ["g o", "keys.overview"],
    ["g f", "keys.functions"],
    ["g r", "keys.runs"],
    ["g j", "nav.jobs"],
    ["g e", "nav.secrets"],
    ["g p", "nav.people"],
    ["g k", "nav.keys"],
    ["g l", "nav.roles"],
    ["g t", "nav.tenants"],
    ["g a", "nav.audit"],
    ["g q", "nav.quotas"],
    ["g s", "keys.system"],
    ["j  k", "keys.move"],
    ["Enter", "keys.open"],
    ["Ctrl S", "keys.save"],
    ["Ctrl Enter", "keys.invoke"],
    ["Esc Tab", "keys.leave"],
  ];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("nav.settings")}</h1>
      </div>
      <p className="page-sub prose">{t("settings.about")}</p>
      <section className="card prose">
        <div className="card-head">
          <h2>{t("settings.look")}</h2>
        </div>
        <div className="card-body stack">
          {choice("theme", t("shell.theme"), [
            ["system", t("theme.system")],
            ["light", t("theme.light")],
            ["dark", t("theme.dark")],
          ])}
          {choice("language", t("shell.language"), [
            ["en", "English"],
            ["zh", "简体中文"],
          ])}
          {choice("density", t("settings.density"), [
            ["normal", t("settings.normal")],
            ["compact", t("settings.compact")],
          ])}
          {choice("zone", t("settings.zone"), [
            ["local", t("settings.local", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })],
            ["utc", "UTC"],
          ])}
        </div>
      </section>
      <Account />
      <section className="card prose" id="keys">
        <div className="card-head">
          <h2>{t("settings.keys")}</h2>
        </div>
        <table className="plain-table">
          <tbody>
            {keys.map(([key, text]) => (
              <tr key={key}>
                <td style={{ width: 130 }}>
                  <kbd>{key}</kbd>
                </td>
                <td>{t(text)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
