/** What `npm pack` makes: executables that need no compiler and no other package, their sums, and their materials. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let directory = "";
let content = "";

function run(command: string, args: readonly string[], cwd = content) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  return { status, stdout, stderr };
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "upinit-pack-"));
  content = join(directory, "package");
  const packed = run("npm", ["pack", "--pack-destination", directory], process.cwd());
  expect(packed.stderr).toContain("upinit-");
  const [archive] = readdirSync(directory).filter((name) => name.endsWith(".tgz"));
  expect(run("tar", ["xzf", archive ?? ""], directory).status).toBe(0);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("holds the executable where its bin says", () => {
  const { bin } = JSON.parse(readFileSync(join(content, "package.json"), "utf8")) as {
    bin: { upinit: string };
  };
  expect(run(join(content, bin.upinit), ["--version"]).stdout).toMatch(/^upinit \d+\.\d+\.\d+\n/);
});

test("installs the executable of this platform without a compiler", () => {
  rmSync(join(content, "dist/upinit"));
  const installed = spawnSync(process.execPath, ["src/build/install.mjs"], {
    cwd: content,
    env: { PATH: "" },
  });
  expect(installed.status).toBe(0);
  expect(run(join(content, "dist/upinit"), ["--", "sh", "-c", "exit 3"]).status).toBe(3);
});

test("says what to do on a platform that it has nothing for", () => {
  const prebuilt = join(content, "dist/prebuilt", `${process.platform}-${process.arch}`);
  const away = `${prebuilt}-away`;
  expect(run("mv", [prebuilt, away]).status).toBe(0);
  const installed = run(process.execPath, ["src/build/install.mjs"]);
  expect(run("mv", [away, prebuilt]).status).toBe(0);
  expect(installed.status).toBe(1);
  expect(installed.stderr).toContain("npm run build");
});

test("holds the sums of its executables", () => {
  const prebuilt = join(content, "dist/prebuilt");
  const lines = readFileSync(join(prebuilt, "SHA256SUMS"), "utf8").trim().split("\n");
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const [sum, file = ""] = line.split("  ");
    expect(
      createHash("sha256")
        .update(readFileSync(join(prebuilt, file)))
        .digest("hex"),
    ).toBe(sum);
  }
});

test("holds a bill of materials that names the engine and the packages", () => {
  const text = readFileSync(join(content, "dist/sbom.cdx.json"), "utf8");
  const { bomFormat, components } = JSON.parse(text) as { bomFormat: string; components: { name: string }[] };
  expect(bomFormat).toBe("CycloneDX");
  const names = components.map(({ name }) => name);
  for (const name of ["quickjs-ng", "zod", "pino", "commander", "signal-exit"]) expect(names).toContain(name);
});

const emulator = ["qemu-aarch64-static", "qemu-aarch64"].find(
  (program) => spawnSync(program, ["--version"]).status === 0,
);
const arm = () => join(content, "dist/prebuilt/linux-arm64/upinit");

// The emulator has no ptrace, so `expect fork` and `expect daemon` are not tried there.
test.skipIf(emulator === undefined || process.arch !== "x64")(
  "runs on arm64, as far as it can be emulated",
  (context) => {
    if (!existsSync(arm())) context.skip("no aarch64-linux-gnu-gcc on this machine");
    expect(run(emulator ?? "", [arm(), "--version"]).stdout).toMatch(/^upinit /);
    expect(run(emulator ?? "", [arm(), "--", "sh", "-c", "exit 9"]).status).toBe(9);
    expect(run("file", [arm()]).stdout).toMatch(/aarch64.*statically linked/);
    const checked = run(emulator ?? "", [arm(), "--confdir"]);
    expect(checked.status).toBe(1);
    expect(checked.stderr).toContain("--confdir");
  },
);
