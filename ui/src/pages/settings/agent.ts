/** `Firefox, Linux` out of what a browser calls itself; the beginning of it where it is none. */
export function agentName(agent: string): string {
  const browser = [
    ["Edg", "Edge"],
    ["OPR", "Opera"],
    ["Firefox", "Firefox"],
    ["HeadlessChrome", "Chrome"],
    ["Chrome", "Chrome"],
    ["Safari", "Safari"],
  ].find(([sign]) => agent.includes(`${sign}/`))?.[1];
  const system = [
    ["Android", "Android"],
    ["iPhone", "iOS"],
    ["iPad", "iPadOS"],
    ["Windows", "Windows"],
    ["Mac OS X", "macOS"],
    ["Linux", "Linux"],
  ].find(([sign]) => sign && agent.includes(sign))?.[1];
  return browser ? [browser, system].filter(Boolean).join(", ") : agent.slice(0, 60);
}
