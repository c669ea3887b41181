/** Names under which releases of the programs are distributed, and what upinit answers as `init`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { executable } from "../container/fixture/program.ts";

const directory = mkdtempSync(join(tmpdir(), "upinit-names-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function called(name: string, ...args: string[]) {
  const path = join(directory, name);
  symlinkSync(executable(), path);
  return spawnSync(path, args, { encoding: "utf8" });
}

test.each(["tini-static", "tini-amd64", "tini-static-arm64", "tini-muslc-amd64"])("%s is tini", (name) => {
  expect(called(name, "--version").stdout).toMatch(/^tini version/);
});

test.each(["dumb-init_1.2.5_x86_64", "dumb-init-amd64"])("%s is dumb-init", (name) => {
  expect(called(name, "--version").stderr).toMatch(/^dumb-init v/);
});

test("tiniest is no tini", () => {
  expect(called("tiniest", "--", "/bin/echo", "hello")).toMatchObject({ status: 0, stdout: "hello\n" });
});

/** How a Docker engine reads what its init-path says of itself; undefined is "unknown output format". */
function engineReads(text: string): string | undefined {
  const [first = "", second = ""] = text.split(" - ");
  const words = second.trim().split(".");
  if (words.length === 2 && words[0] === "git") return words[1];
  return first.trim().startsWith("tini version ") ? first.trim().slice("tini version ".length) : undefined;
}

test.each(["--version", "-V"])("as init-path of a Docker engine upinit %s is understood", (option) => {
  const { stdout, status } = spawnSync(executable(), [option], { encoding: "utf8" });
  expect([status, engineReads(stdout)]).toEqual([0, "de40ad0"]);
  expect(stdout).toMatch(/^upinit \d+\.\d+\.\d+\n/);
});

test("as init it answers with Upstart's version first", () => {
  expect(called("init", "--version").stdout).toMatch(/^init \(upstart 1\.13\.2\)\nupinit \d/);
});
