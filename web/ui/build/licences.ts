import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

interface Manifest {
  name: string;
  version: string;
  license: string;
  dependencies?: Record<string, string>;
}

const naturalEarth = `Natural Earth
The outline of land is made with Natural Earth (naturalearthdata.com), which is
in the public domain.
`;

/**
 * Writes licenses.txt: the licence of every package named and of everything
 * these depend on, in order of name. A package whose licence text cannot be
 * found fails the build.
 */
export function licences(roots: string[]): Plugin {
  let root = "";
  return {
    name: "wayguard:licences",
    apply: "build",
    configResolved(config) {
      root = config.root;
    },
    generateBundle() {
      const folders = new Map<string, string>();
      for (const name of roots) collect(name, root, folders);
      const sorted = [...folders].sort(([a], [b]) => (a < b ? -1 : 1));
      const notices = sorted.map(([, folder]) => notice(folder));
      const rule = `\n${"-".repeat(78)}\n\n`;
      const source = [introduction, naturalEarth, ...notices].join(rule);
      this.emitFile({ type: "asset", fileName: "licenses.txt", source });
    },
  };
}

const introduction = `The Wayguard console contains or is built from the works below.
`;

/** Adds the package and, before it returns, all that it depends on. */
function collect(name: string, from: string, folders: Map<string, string>): void {
  if (name.startsWith("@types/") || folders.has(name)) return;
  const folder = find(name, from);
  folders.set(name, folder);
  for (const needed of Object.keys(manifest(folder).dependencies ?? {})) collect(needed, folder, folders);
}

/** Looks for the package as Node does: in the node_modules of each folder upwards. */
function find(name: string, from: string): string {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(at) === at) throw new Error(`licences: ${name} is not installed`);
  }
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

function notice(folder: string): string {
  const { name, version, license } = manifest(folder);
  return `${name} ${version} (${license})\n\n${licenceText(folder, name).replaceAll("\r\n", "\n").trim()}\n`;
}

/** The licence file, else the part of the README under the heading "License". */
function licenceText(folder: string, name: string): string {
  const files = readdirSync(folder).sort();
  const file = files.find((entry) => /^licen[cs]e/i.test(entry));
  if (file) return readFileSync(join(folder, file), "utf8");
  const readme = files.find((entry) => /^readme/i.test(entry));
  const text = readme ? readFileSync(join(folder, readme), "utf8") : "";
  const [, section] = text.split(/^#+ *licen[cs]e.*$/im);
  if (!section) throw new Error(`licences: ${name} has no licence text`);
  return section;
}
