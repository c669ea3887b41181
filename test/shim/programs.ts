/**
 * The programs that the suites of this directory are run against: the real tini, dumb-init and catatonit where
 * they are installed, and upinit under their names. The same rows for both: a row that only upinit passes tests
 * nothing of compatibility, and a row that the original fails is wrong.
 */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";

export type Kind = "tini" | "dumb-init" | "catatonit";

export interface Program {
  readonly label: string;
  readonly path: string;
  /** Whether it is upinit under that name: a few rows say where it is better on purpose. */
  readonly ours: boolean;
  /** Why it can't be tested here. */
  readonly missing?: string;
}

/** The built executable; `UPINIT_BINARY` names another (a sanitizer build, another architecture). */
export const binary = resolve(process.env["UPINIT_BINARY"] ?? join(import.meta.dirname, "../../dist/upinit"));

export const binaryMissing = existsSync(binary) ? undefined : `${binary} is not built (npm run build)`;

/** A directory with upinit under all its other names, readable for every user. */
function links(): string {
  const directory = mkdtempSync(join(tmpdir(), "upinit-names-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  for (const name of ["tini", "docker-init", "dumb-init", "catatonit", "podman-init"]) {
    symlinkSync(binary, join(directory, name));
  }
  return directory;
}

export const ownNames = links();

function onPath(name: string): string | null {
  for (const directory of (process.env["PATH"] ?? "").split(":")) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
    } catch {
      continue;
    }
    if (!existsSync(binary) || realpathSync(path) !== realpathSync(binary)) return path;
  }
  return null;
}

/** The original first, then upinit under the same name. */
export function programs(kind: Kind): readonly Program[] {
  const original = onPath(kind);
  return [
    original === null
      ? { label: `the real ${kind}`, path: kind, ours: false, missing: `${kind} is not installed` }
      : { label: `the real ${kind}`, path: original, ours: false },
    {
      label: `upinit as ${kind}`,
      path: join(ownNames, kind),
      ours: true,
      ...(binaryMissing === undefined ? {} : { missing: binaryMissing }),
    },
  ];
}
