/** `npm run build`: TypeScript → chunks → bytecode → one static executable. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, type Chunk } from "./bundle.ts";
import { cacheDirectory } from "./cache.ts";
import { chunkCompiler, engineDirectory, engineObjects } from "./engine.ts";
import { type Blob, bindingObjects, link } from "./link.ts";
import { type BuildOptions, readOptions, USAGE } from "./options.ts";
import { pack } from "./packing.ts";
import { run } from "./run.ts";
import { targetToolchain } from "./toolchain.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

function projectVersion(): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}

async function checkTypes(): Promise<void> {
  await run(join(root, "node_modules/.bin/tsc"), ["--noEmit", "-p", root]);
}

/** Bundles and compiles all chunks to bytecode. */
async function makeBlobs(options: BuildOptions, directory: string, compiler: string): Promise<Blob[]> {
  const chunks = await bundle({
    root,
    entry: resolve(options.entry),
    directory,
    version: projectVersion(),
    debug: options.debug,
  });
  const pathOf = (chunk: Chunk): string => `${chunk.path}.bytecode`;
  await run(
    compiler,
    chunks.flatMap((chunk) => [chunk.name, chunk.path, pathOf(chunk)]),
  );
  return chunks.map((chunk) => {
    const path = pathOf(chunk);
    return { chunk, path, unpacked: chunk.hot ? 0 : pack(path) };
  });
}

async function build(options: BuildOptions): Promise<void> {
  const cache = cacheDirectory(root);
  const engine = engineDirectory(root);
  const toolchain = await targetToolchain(options, cache);
  const directory = mkdtempSync(join(tmpdir(), "upinit-build-"));
  try {
    const types = options.fast ? Promise.resolve() : checkTypes();
    const script = chunkCompiler(root, cache, engine).then((tool) => makeBlobs(options, directory, tool));
    const native = engineObjects(cache, toolchain, engine).then(async (objects) => [
      ...objects,
      ...(await bindingObjects(root, cache, toolchain, engine)),
    ]);
    const [objects, blobs] = await Promise.all([native, script, types]);
    const out = resolve(options.out);
    mkdirSync(dirname(out), { recursive: true });
    await link(toolchain, objects, blobs, directory, out);
    const bytecode = blobs.reduce((sum, blob) => sum + statSync(blob.path).size, 0);
    console.log(
      `${options.out}: ${statSync(out).size} bytes, ${bytecode} of them bytecode in ${blobs.length} chunks`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await build(readOptions(process.argv.slice(2), process.env));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof Error && error.message.startsWith("unknown option")) console.error(USAGE);
  process.exitCode = 1;
}
