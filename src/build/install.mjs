/**
 * Runs when the npm package is installed: puts the executable of this platform where `bin` looks. It needs no compiler
 * and no other package; plain JavaScript, since nothing is there yet that could read TypeScript.
 */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const platform = `${process.platform}-${process.arch}`;
const executable = join(root, "dist/prebuilt", platform, "upinit");

if (existsSync(executable)) {
  copyFileSync(executable, join(root, "dist/upinit"));
} else if (!existsSync(join(root, "tsconfig.json"))) {
  // In a checkout there is nothing to install: `npm run build` makes the executable.
  console.error(
    `upinit: this package holds no executable for ${platform}; build one from a checkout: npm ci && npm run build`,
  );
  process.exitCode = 1;
}
