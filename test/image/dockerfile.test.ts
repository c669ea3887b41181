/** The Dockerfile at the top: from source to an image that holds nothing but the executable. */
import { spawnSync } from "node:child_process";
import { lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { docker } from "../container/fixture/engine.ts";
import { hostImage } from "../container/fixture/host-image.ts";
import { booted } from "../container/fixture/index.ts";
import { project } from "../container/fixture/program.ts";
import { build } from "./build.ts";

/** The packages of this Debian that hold a C compiler, the two C libraries and what npm needs to fetch packages. */
const packages =
  `gcc gcc-12 cpp-12 gcc-13 cpp-13 gcc-14 cpp-14 binutils binutils-common binutils-x86-64-linux-gnu
  libgcc-12-dev libgcc-13-dev libgcc-14-dev libc6-dev linux-libc-dev musl musl-dev musl-tools`.split(/\s+/);

function filesOfPackages(): readonly string[] {
  const { stdout } = spawnSync("dpkg", ["-L", ...packages], { encoding: "utf8" });
  return (stdout ?? "").split("\n").filter((path) => /^\/(usr|lib)\/(?!share)/.test(path) && isFile(path));
}

/** Directories are left out: a package names those that it shares with all others, too. */
function isFile(path: string): boolean {
  const kind = lstatSync(path, { throwIfNoEntry: false });
  return kind?.isFile() === true || (kind?.isSymbolicLink() === true && statSync(path).isFile());
}

/** npm, which is a tree of JavaScript beside a link to its first file. */
function npmTree(): string | undefined {
  const link = spawnSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).stdout.trim();
  if (link === "") return undefined;
  return dirname(dirname(spawnSync("readlink", ["-f", link], { encoding: "utf8" }).stdout.trim()));
}

const compiler = spawnSync("dpkg", ["-L", "gcc"], { encoding: "utf8" }).status === 0;

test.skipIf(!compiler || npmTree() === undefined)(
  "builds the executable and ends in an image of it alone",
  { timeout: 900_000 },
  async () => {
    const files = filesOfPackages();
    const tools = files.filter(
      (path) =>
        path.startsWith("/usr/bin/") ||
        path.includes("/libexec/") ||
        /\/gcc\/.*\/(cc1|collect2|lto\w*)$/.test(path),
    );
    const base = await hostImage({
      programs: ["npm", ...tools],
      trees: [
        npmTree() as string,
        "/etc/ssl",
        "/usr/share/ca-certificates",
        ...files.filter((path) => !tools.includes(path)),
      ],
      // Whoever stands between this machine and the registry, npm must trust him as the machine does.
      env: { NODE_EXTRA_CA_CERTS: "/etc/ssl/certs/ca-certificates.crt" },
    });
    const image = await build("upinit-test/from-source", project, { BUILD_BASE: base });

    const inside = await docker(["create", image]);
    const list = spawnSync("sh", ["-c", `docker export ${inside} | tar -t`], { encoding: "utf8" }).stdout;
    await docker(["rm", inside]);
    const added = list.split("\n").filter((path) => path.startsWith("sbin/") && path !== "sbin/");
    expect(added).toContain("sbin/upinit");
    expect(added).toContain("sbin/initctl");
    expect(
      list
        .split("\n")
        .filter((path) => !/^lib\/(init\/(upstart-job)?)?$/.test(path))
        .filter((path) => /^(bin|usr|lib|etc\/(?!hosts|hostname|resolv\.conf|mtab)[^/]+)/.test(path)),
    ).toEqual([]);

    await using box = await booted({ driver: "docker", image: { docker: image } });
    expect((await box.exec(["/sbin/initctl", "version"])).stdout).toBe("init (upstart 1.13.2)\n");
    expect(await box.stop()).toBe(0);
  },
);
