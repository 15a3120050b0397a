import type { Extension } from "@codemirror/state";

/** The language of a file by its name, loaded when it is needed. */
export async function languageOf(path: string): Promise<Extension> {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  switch (ending) {
    case "py":
      return (await import("@codemirror/lang-python")).python();
    case "js":
    case "mjs":
    case "cjs":
      return (await import("@codemirror/lang-javascript")).javascript();
    case "ts":
      return (await import("@codemirror/lang-javascript")).javascript({ typescript: true });
    case "json":
      return (await import("@codemirror/lang-json")).json();
    case "go":
      return (await import("@codemirror/lang-go")).go();
    case "rs":
      return (await import("@codemirror/lang-rust")).rust();
    case "rb": {
      const [{ StreamLanguage }, { ruby }] = await Promise.all([import("@codemirror/language"), import("@codemirror/legacy-modes/mode/ruby")]);
      return StreamLanguage.define(ruby);
    }
    case "toml": {
      const [{ StreamLanguage }, { toml }] = await Promise.all([import("@codemirror/language"), import("@codemirror/legacy-modes/mode/toml")]);
      return StreamLanguage.define(toml);
    }
    case "yaml":
    case "yml": {
      const [{ StreamLanguage }, { yaml }] = await Promise.all([import("@codemirror/language"), import("@codemirror/legacy-modes/mode/yaml")]);
      return StreamLanguage.define(yaml);
    }
    case "sh": {
      const [{ StreamLanguage }, { shell }] = await Promise.all([import("@codemirror/language"), import("@codemirror/legacy-modes/mode/shell")]);
      return StreamLanguage.define(shell);
    }
    default:
      return [];
  }
}
