import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";
import { nodeCompatibility } from "./compatibility.ts";
import { intrinsicsOf, nativesWithTypedArrays } from "./intrinsics.ts";
import { importedNatives, NATIVE_MODULE, nativeOrder, withNamedNatives } from "./natives.ts";
import { hotOutputs } from "./packing.ts";

/** One piece of JavaScript that is compiled and read on its own. */
export interface Chunk {
  /** As other chunks import it, without `./`. */
  readonly name: string;
  readonly path: string;
  /** What it imports from the binding, in the order of the binding's tables; null for all of it. */
  readonly natives: readonly string[] | null;
  /** What the engine has to have before it runs, as bits. */
  readonly intrinsics: number;
  /** Whether it is read at a start that is to be quick. */
  readonly hot: boolean;
}

/** TypeScript of the project, with its imports of the binding by name. */
const namedNatives: Plugin = {
  name: "named-natives",
  setup(plugin) {
    plugin.onLoad({ filter: /[/](src|bin|test)[/].*\.ts$/ }, (args) => {
      if (args.path.includes("/node_modules/")) return null;
      return { contents: withNamedNatives(readFileSync(args.path, "utf8")), loader: "ts" };
    });
  },
};

export interface BundleRequest {
  readonly root: string;
  readonly entry: string;
  /** An empty directory for the chunks. */
  readonly directory: string;
  readonly version: string;
  readonly debug: boolean;
}

/**
 * Bundles the entry into chunks that are split where code imports dynamically; the entry's chunk comes first.
 * Throws with the bundler's messages.
 */
export async function bundle(request: BundleRequest): Promise<Chunk[]> {
  const result = await build({
    absWorkingDir: request.root,
    entryPoints: { upinit: request.entry },
    outdir: request.directory,
    entryNames: "[name]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["module", "browser"],
    target: "es2023",
    external: [NATIVE_MODULE],
    define: { UPINIT_VERSION: JSON.stringify(request.version), "process.platform": '"linux"' },
    minify: !request.debug,
    legalComments: "none",
    treeShaking: true,
    metafile: true,
    logLevel: "silent",
    plugins: [nodeCompatibility(request.root), namedNatives],
  });
  const order = nativeOrder(join(request.root, "src/runtime/native"));
  const hot = hotOutputs(result.metafile);
  const makers = nativesWithTypedArrays(readFileSync(join(request.root, "src/runtime/native.d.ts"), "utf8"));
  const chunks = Object.keys(result.metafile.outputs).map((output): Chunk => {
    const path = join(request.root, output);
    const text = readFileSync(path, "utf8");
    const natives = importedNatives(text);
    natives?.sort((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0));
    return {
      name: relative(request.directory, path),
      path,
      natives,
      intrinsics: intrinsicsOf(text, natives, makers),
      hot: hot.has(output),
    };
  });
  const entry = chunks.findIndex((chunk) => chunk.name === "upinit.js");
  const [first] = chunks.splice(entry, 1);
  if (first === undefined || dirname(first.name) !== ".") throw new Error("the bundler wrote no entry chunk");
  return [first, ...chunks];
}
