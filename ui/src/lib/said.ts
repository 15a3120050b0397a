import type { Key } from "../i18n/en";

/** An error of the console's own, whose sentence is in the catalogues. */
export class Said extends Error {
  constructor(readonly key: Key) {
    super(key);
    this.name = "Said";
  }
}
