import { Said } from "../../lib/said";

export interface Uploaded {
  label: string;
  size: number;
  /** Base64, if one archive or one binary was given. */
  archive?: string;
  files?: Record<string, string>;
  entry?: string;
  runtime?: string;
}

/** Base64 in JSON has to fit into what the server takes. */
export const UPLOAD_MAX = 40 * 1024 * 1024;

const RUNTIMES: Record<string, string> = { py: "python", js: "node", mjs: "node", cjs: "node", rb: "ruby", go: "go", rs: "rust" };

export function isArchive(name: string): boolean {
  return /\.(zip|tar|tgz|tar\.gz)$/i.test(name);
}

/** The runtime and entry that names of files speak for. */
export function guess(names: string[]): { runtime?: string; entry?: string } {
  const code = names.filter((name) => RUNTIMES[ending(name)]);
  const entry = code.find((name) => /(^|\/)main\.\w+$/.test(name)) ?? code.find((name) => /(^|\/)(index|app|handler)\.\w+$/.test(name)) ?? (code.length === 1 ? code[0] : undefined);
  return { entry, runtime: entry ? RUNTIMES[ending(entry)] : undefined };
}

function ending(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).toLowerCase();
}

/** One archive as it is, or source files by name. */
export async function readUpload(files: File[]): Promise<Uploaded> {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > UPLOAD_MAX) throw new Said("upload.too_large");
  const first = files[0];
  if (files.length === 1 && first && isArchive(first.name)) {
    return { label: first.name, size, archive: await base64(first) };
  }
  const texts: Record<string, string> = {};
  for (const file of files) {
    if (isArchive(file.name)) throw new Said("upload.one_archive");
    try {
      texts[file.name] = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    } catch {
      throw new Said("upload.binary");
    }
  }
  const names = Object.keys(texts);
  return { label: names.join(", "), size, files: texts, ...guess(names) };
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.onload = () => {
      const text = String(reader.result);
      resolve(text.slice(text.indexOf(",") + 1));
    };
    reader.readAsDataURL(file);
  });
}
