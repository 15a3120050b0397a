import type { Schemas } from "../../../api/client";

export type Alias = Schemas["AliasView"];

/** What a person typed in: percent by version, without the version that gets the rest. */
export type Weights = Record<string, string>;

/** The weights without that of the version that gets the rest. */
export function othersOf(alias: Pick<Alias, "version" | "weights">): Weights {
  return Object.fromEntries(alias.weights.filter((one) => one.version !== alias.version).map((one) => [String(one.version), String(one.weight)]));
}

/** What is left for the main version; negative or not a number where the weights are wrong. */
export function restOf(weights: Weights): number {
  return Object.values(weights).reduce((rest, text) => rest - (/^\d{1,3}$/.test(text.trim()) ? Number(text) : Number.NaN), 100);
}

/** The weights as the server takes them; those that are zero are left out. */
export function bodyOf(weights: Weights): Record<string, number> {
  return Object.fromEntries(
    Object.entries(weights)
      .map(([version, text]) => [version, Number(text)] as const)
      .filter(([, weight]) => weight > 0),
  );
}

/** `5, 25, 50, 100` as steps, or nothing if they do not grow to 100. */
export function stepsOf(text: string): number[] | null {
  const steps = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  const grow = steps.every((step, index) => Number.isInteger(step) && step >= 1 && step > (steps[index - 1] ?? 0));
  return grow && steps.at(-1) === 100 && steps.length <= 20 ? steps : null;
}

/** Which aliases give calls to a version, and how many percent. */
export function sharesOf(aliases: Pick<Alias, "name" | "weights">[], version: number): { alias: string; weight: number }[] {
  return aliases.flatMap((alias) => alias.weights.filter((one) => one.version === version && one.weight > 0).map((one) => ({ alias: alias.name, weight: one.weight })));
}
