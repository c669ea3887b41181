/**
 * `npm pack` runs this first (`prepack`): the executable for every platform that this machine can build for, their
 * SHA-256 sums, and a software bill of materials, all under `dist/`.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run.ts";
import { hasProgram } from "./toolchain.ts";

interface Platform {
  /** As Node names it: `process.platform`-`process.arch`. */
  readonly name: string;
  /** The cross compiler; null is what the build finds by itself. */
  readonly compiler: string | null;
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const dist = join(root, "dist");
const prebuilt = join(dist, "prebuilt");

const crossCompilers: readonly (readonly [platform: string, compiler: string])[] = [
  ["linux-arm64", "aarch64-linux-gnu-gcc"],
  ["linux-x64", "x86_64-linux-gnu-gcc"],
];

function buildablePlatforms(): Platform[] {
  const own = `${process.platform}-${process.arch}`;
  const others = crossCompilers.filter(([name, compiler]) => name !== own && hasProgram(compiler));
  return [{ name: own, compiler: null }, ...others.map(([name, compiler]) => ({ name, compiler }))];
}

async function buildFor({ name, compiler }: Platform): Promise<string> {
  const out = join(prebuilt, name, "upinit");
  const cross = compiler === null ? [] : ["--fast", "--cc", compiler];
  await run(process.execPath, [
    join(root, "node_modules/tsx/dist/cli.mjs"),
    join(root, "src/build/main.ts"),
    "--out",
    out,
    ...cross,
  ]);
  return join(name, "upinit");
}

function writeSums(files: readonly string[]): void {
  const lines = files.map((file) => {
    const sum = createHash("sha256")
      .update(readFileSync(join(prebuilt, file)))
      .digest("hex");
    return `${sum}  ${file}\n`;
  });
  writeFileSync(join(prebuilt, "SHA256SUMS"), lines.join(""));
}

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly licenses: readonly { readonly license: { readonly id: string } }[];
  readonly description: string;
}

/** npm knows its packages, but not the C source that one of them brings and that ends up in the executable. */
const engine: Component = {
  type: "library",
  name: "quickjs-ng",
  version: "0.15.1",
  licenses: [{ license: { id: "MIT" } }],
  description: "JavaScript engine, linked statically; its source comes with the package @scriptc/runtime",
};

/** A CycloneDX bill of materials. */
async function writeMaterials(): Promise<void> {
  const text = await run("npm", ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application"]);
  const materials = JSON.parse(text) as { components: Component[] };
  materials.components.push(engine);
  writeFileSync(join(dist, "sbom.cdx.json"), `${JSON.stringify(materials, null, 2)}\n`);
}

rmSync(prebuilt, { recursive: true, force: true });
mkdirSync(prebuilt, { recursive: true });
const files: string[] = [];
for (const platform of buildablePlatforms()) files.push(await buildFor(platform));
writeSums(files);
await writeMaterials();
cpSync(join(prebuilt, files[0] ?? "", "."), join(dist, "upinit"));
