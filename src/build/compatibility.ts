import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "esbuild";

/** What stands for a Node built-in: a package, or a file of the compatibility room. */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ["events", "events/"],
  ["path", "path-browserify"],
  ["fs", "./unavailable.ts"],
  ["child_process", "./unavailable.ts"],
]);

/**
 * A package's file with the globals that it expects, as imports of the room; given by name and not injected into
 * every file, so that no module of ours depends on them.
 */
export function withGlobals(text: string, room: string): string {
  const process = JSON.stringify(join(room, "process.ts"));
  const console = JSON.stringify(join(room, "console.ts"));
  let head = "";
  let body = text;
  if (body.includes("globalThis.process")) {
    head += `import { process as globalProcess } from ${process}; `;
    body = body.replaceAll("globalThis.process", "globalProcess");
  }
  if (/\bprocess\.cwd\(/.test(body)) head += `const { process } = require(${process}); `;
  if (/\bconsole\.\w+\(/.test(body)) head += `const { console } = require(${console}); `;
  return head + body;
}

/**
 * Gives npm packages what they need of Node (`src/runtime/node`), and pino's official browser build, which needs no
 * Node stream. A built-in that has no stand-in stays unresolved, so that the build fails instead of the program.
 */
export function nodeCompatibility(root: string): Plugin {
  const room = join(root, "src/runtime/node");
  return {
    name: "node-compatibility",
    setup(plugin) {
      plugin.onResolve({ filter: /^(node:)?(events|path|fs|child_process)$/ }, (args) => {
        const target = STAND_INS.get(args.path.replace("node:", "")) ?? args.path;
        if (target.startsWith("./")) return { path: join(room, target) };
        return plugin.resolve(target, { kind: args.kind, resolveDir: root });
      });
      plugin.onResolve({ filter: /^pino$/ }, (args) =>
        plugin.resolve("pino/browser.js", { kind: args.kind, resolveDir: root }),
      );
      /* Commander wants `require("node:process")` to be the object itself. */
      plugin.onResolve({ filter: /^(node:)?process$/ }, () => ({
        path: "process",
        namespace: "node-process",
      }));
      plugin.onLoad({ filter: /.*/, namespace: "node-process" }, () => ({
        contents: `module.exports = require("./process.ts").process;`,
        resolveDir: room,
      }));
      plugin.onLoad(
        { filter: /[/]node_modules[/](signal-exit|events|path-browserify)[/].*\.m?js$/ },
        (args) => ({
          contents: withGlobals(readFileSync(args.path, "utf8"), room),
        }),
      );
    },
  };
}
