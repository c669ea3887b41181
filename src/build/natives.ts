import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The binding's module, as TypeScript imports it. */
export const NATIVE_MODULE = "upinit:native";

/**
 * `import * as native from "upinit:native"` with its uses as an import by names, so that a chunk's bytecode says what
 * it needs and the host makes no function object that nobody uses. A type is left where it is: it is gone in the end.
 * Throws if the namespace is used as a value, which no import by names can stand for.
 */
export function withNamedNatives(text: string): string {
  const namespace = /^import \* as (\w+) from "upinit:native";$/m.exec(text);
  const name = namespace?.[1];
  if (namespace === null || name === undefined) return text;
  const used = new Set<string>();
  const body = text
    .replace(namespace[0], "")
    .replace(new RegExp(`(?<![\\w.$])${name}\\.([a-zA-Z]\\w*)`, "g"), (whole, property: string) => {
      if (/^[A-Z][a-z]/.test(property)) return whole;
      used.add(property);
      return `${name}_${property}`;
    });
  const code = body.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|"[^"\n]*"/gm, "");
  if (new RegExp(`(?<![\\w.$])${name}\\b(?![\\w.$])`).test(code)) {
    throw new Error(`${name} stands for the whole binding here: name the functions`);
  }
  const imports = [...used].map((property) => `${property} as ${name}_${property}`);
  const types = new RegExp(`(?<![\\w.$])${name}\\.`).test(body)
    ? `import type * as ${name} from "upinit:native"; `
    : "";
  return `${types}import { ${imports.join(", ")} } from "upinit:native";${body}`;
}

/**
 * The names that a chunk, as the bundler wrote it, imports from the binding; null if it imports all of it. Throws if
 * the import has a form that this does not know.
 */
export function importedNatives(chunk: string): string[] | null {
  const names = new Set<string>();
  for (const match of chunk.matchAll(/import\s*([^"';]*?)\s*from\s*"upinit:native"/g)) {
    const clause = match[1] ?? "";
    if (clause.startsWith("*")) return null;
    const list = /^\{([^}]*)\}$/.exec(clause)?.[1];
    if (list === undefined) throw new Error(`cannot read the import ${match[0]}`);
    for (const item of list.split(",")) {
      const name = item.trim().split(/\s+/)[0];
      if (name !== undefined && name !== "") names.add(name);
    }
  }
  return [...names];
}

/** Where each name stands in the C tables: the host looks for names fastest when they come in that order. */
export function nativeOrder(directory: string): ReadonlyMap<string, number> {
  const order = new Map<string, number>();
  for (const file of readdirSync(directory).filter((name) => name.endsWith(".c"))) {
    const text = readFileSync(join(directory, file), "utf8");
    for (const match of text.matchAll(/UPINIT_(?:FUNCTION\("(\w+)"|CONSTANT\((\w+)\))/g)) {
      const name = match[1] ?? match[2];
      if (name !== undefined) order.set(name, order.size);
    }
  }
  return order;
}
