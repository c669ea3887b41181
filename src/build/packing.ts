import { readFileSync, writeFileSync } from "node:fs";
import { constants, deflateRawSync } from "node:zlib";
import type { Metafile } from "esbuild";

/**
 * What is read at the start of PID 1, of a shim, or of a command that is typed by the thousand: there microseconds
 * count more than bytes. Everything else is packed.
 */
const hotEntries: ReadonlySet<string> = new Set([
  "bin/upinit.ts",
  "bin/initctl.ts",
  "bin/service.ts",
  "src/init/main.ts",
  "src/control/serve.ts",
  "src/shim/main.ts",
  "src/shim/serve.ts",
  "src/shim/shim.ts",
  "src/shim/loop.ts",
  "src/shim/options.ts",
  "src/shim/tini.ts",
  "src/shim/dumb-init.ts",
  "src/shim/catatonit.ts",
  "src/init/check-options.ts",
  "src/shim/settings.ts",
  ...[
    "start",
    "stop",
    "restart",
    "reload",
    "status",
    "list",
    "emit",
    "version",
    "wait",
    "health",
    "probe",
  ].map((name) => `src/commands/initctl/${name}.ts`),
]);

/** Below this there is nothing to be gained. */
const smallest = 512;

/** The outputs that are read when one of the hot entries is, at once or by what it imports statically. */
export function hotOutputs({ outputs }: Metafile): Set<string> {
  const hot = new Set<string>();
  const todo = Object.keys(outputs).filter((path) => hotEntries.has(outputs[path]?.entryPoint ?? ""));
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (hot.has(path)) continue;
    hot.add(path);
    for (const { path: target, kind } of outputs[path]?.imports ?? [])
      if (kind === "import-statement" && outputs[target] !== undefined) todo.push(target);
  }
  return hot;
}

/** Packs a file in place (raw deflate, RFC 1951) if that makes it smaller; the size that it had, else 0. */
export function pack(path: string): number {
  const bytes = readFileSync(path);
  if (bytes.length < smallest) return 0;
  const packed = deflateRawSync(bytes, { level: 9, memLevel: 9, strategy: constants.Z_DEFAULT_STRATEGY });
  if (packed.length >= bytes.length) return 0;
  writeFileSync(path, packed);
  return bytes.length;
}
