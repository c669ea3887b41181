import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../container/fixture/engine.ts";

/** The daemons that Debian's users run, and what the tests look at them with. */
const packages = [
  ..."apache2 cron haproxy memcached nginx-light openssh-server php-fpm postgresql redis-server rsyslog".split(
    " ",
  ),
  ..."gunicorn iproute2 procps python3-celery python3-redis".split(" "),
];

/** Why this machine can't make the image; undefined if it can. */
export function servicesProblem(): string | undefined {
  if (!existsSync("/usr/sbin/debootstrap")) return "debootstrap is not installed";
  return process.getuid?.() === 0 ? undefined : "not root";
}

/**
 * A Debian system with real daemons of many kinds; the image's name. Making it takes one to three minutes; it is kept
 * as long as the engine keeps it.
 */
export async function debianServices(): Promise<string> {
  const version = createHash("sha256").update(packages.join()).digest("hex").slice(0, 12);
  const name = `upinit-test/debian-services:${version}`;
  if (spawnSync("docker", ["image", "inspect", name], { stdio: "ignore" }).status === 0) return name;
  const root = mkdtempSync(join(tmpdir(), "upinit-debian-"));
  try {
    await install(root);
    const archive = spawn("tar", [
      "-c",
      "--exclude=./usr/share/doc",
      "--exclude=./var/cache",
      "-C",
      root,
      ".",
    ]);
    await docker(["import", "-", name], archive.stdout);
    return name;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function install(root: string): Promise<void> {
  const words = ["--variant=minbase", `--include=${packages.join()}`, "bookworm", root];
  const child = spawn("debootstrap", words, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said = (said + chunk).slice(-2_000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) =>
      status === 0 ? resolve() : reject(new Error(`debootstrap: status ${status}\n${said}`)),
    );
  });
}
