import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../container/fixture/engine.ts";
import { executable, project } from "../container/fixture/program.ts";

/** What tests call the image that holds the executable and its names alone, as the top Dockerfile ends. */
export const upinitImage = "upinit-test/upinit";

/** Builds a directory with a Dockerfile. Steps see the host's network, since there may be no other. */
export async function build(
  name: string,
  directory: string,
  args: Readonly<Record<string, string>>,
): Promise<string> {
  const words = Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  await docker(["build", "--quiet", "--force-rm", "--network", "host", "--tag", name, ...words, directory]);
  return name;
}

/** One of the project's images, on a base that tests made. */
export async function buildOurs(name: string, base?: string): Promise<string> {
  await buildUpinit();
  const args = { UPINIT: upinitImage, ...(base ? { BASE: base } : {}) };
  return build(`upinit-test/${name}`, join(project, "images", name), args);
}

/** Builds the image that all others copy upinit from. */
export async function buildUpinit(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "upinit-image-"));
  try {
    copyFileSync(executable(), join(directory, "upinit"));
    const text = 'FROM scratch\nCOPY upinit /sbin/upinit\nRUN ["/sbin/upinit", "--install", "/sbin"]\n';
    writeFileSync(join(directory, "Dockerfile"), text);
    await build(upinitImage, directory, {});
  } finally {
    rmSync(directory, { recursive: true });
  }
}
