/** Values as people read them. Pure: language and zone are parameters. */

const THIN = "\u2009";

/** `0.8 ms`, `340 ms`, `2.4 s`, `3 min 12 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 9.95) return `${trim(ms.toFixed(ms < 0.1 && ms > 0 ? 2 : 1))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${trim((ms / 1000).toFixed(ms < 9_950 ? 2 : 1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return join(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return join(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return join(Math.floor(hours / 24), "d", hours % 24, "h");
}

function join(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** `512 B`, `1.5 KiB`, `128 MiB`. */
export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : trim(value.toFixed(1))} ${units[unit]}`;
}

/** `12 345`, with thin spaces. */
export function count(value: number): string {
  const [whole = "", part] = String(value).split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  return part ? `${spaced}.${part}` : spaced;
}

/** `0 %`, `0.4 %`, `12 %`. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "–";
  const value = (100 * part) / whole;
  return `${value === 0 || value >= 10 ? Math.round(value) : trim(value.toFixed(value < 0.1 ? 2 : 1))} %`;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** `3 min ago`, in the language. */
export function ago(at: number, now: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const seconds = Math.round((at - now) / 1000);
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, "second");
}

/** `2026-11-25 18:04:05.123 UTC`, or in the local zone with its name. */
export function absolute(at: number, zone: "local" | "utc"): string {
  const date = new Date(at);
  if (Number.isNaN(at)) return "–";
  if (zone === "utc") return `${date.toISOString().replace("T", " ").slice(0, 23)} UTC`;
  const two = (value: number, width = 2) => String(value).padStart(width, "0");
  const offset = -date.getTimezoneOffset();
  const sign = offset < 0 ? "-" : "+";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
  return `${day} ${time} UTC${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}

/** The time of day only. */
export function clock(at: number, zone: "local" | "utc", millis = false): string {
  return absolute(at, zone).slice(11, millis ? 23 : 19);
}

/** The time of day; of another day with its date. */
export function moment(at: number, zone: "local" | "utc", now = Date.now()): string {
  const text = absolute(at, zone);
  return text.slice(0, 10) === absolute(now, zone).slice(0, 10) ? text.slice(11, 19) : text.slice(5, 16);
}

/** What tells an id apart: its end, because ids begin with their time. */
export function shortId(id: string): string {
  return id.length <= 10 ? id : `…${id.slice(-8)}`;
}
