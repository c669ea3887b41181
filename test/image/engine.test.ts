/** What only an engine can show: its --init, a namespace shared by two containers, Swarm. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { docker, engineProblem } from "../container/fixture/engine.ts";
import { eventually } from "../container/fixture/index.ts";
import { writeLayer } from "../container/fixture/layer.ts";
import { contents, executable } from "../container/fixture/program.ts";

const busybox = ["/bin/busybox", "/usr/bin/busybox"].find(existsSync);
const problem = (await engineProblem()) ?? (busybox === undefined ? "no busybox installed" : undefined);
const image = "upinit-test/engine";
const applets = ["cat", "echo", "false", "grep", "kill", "ps", "sh", "sleep", "test", "true"];
const work = mkdtempSync(join(tmpdir(), "upinit-engine-"));

/** The same container everywhere: busybox, upinit with its names, one service. */
function archive(): NodeJS.ReadableStream {
  const tree = join(work, "tree");
  writeLayer(tree, {
    ...contents({ jobs: { "web.conf": "start on startup\nrespawn\nexec sleep 1000\n" } }),
    "/bin/busybox": { copy: busybox ?? "" },
    ...Object.fromEntries(applets.map((name) => [`/bin/${name}`, { link: "busybox" }])),
    "/empty": { directory: true },
    "/tmp": { directory: true },
  });
  return spawn("tar", ["-c", "-C", tree, "."], { stdio: ["ignore", "pipe", "inherit"] }).stdout;
}

/** Runs a container in the background; its id. */
const start = (...words: string[]) => docker(["run", "--detach", "--network", "none", ...words]);

describe.skipIf(problem !== undefined)(`an engine ${problem ?? ""}`, () => {
  beforeAll(async () => {
    await docker(["import", "-", image], archive());
  });

  afterAll(async () => {
    rmSync(work, { recursive: true });
    await docker(["rmi", "--force", image]);
  });

  describe("one process namespace for two containers", () => {
    test("upinit beside others never touches what is not its own", async () => {
      const first = await start(image, "sh", "-c", "echo mine; exec sleep 1000");
      try {
        const second = await start(
          "--pid",
          `container:${first}`,
          "--entrypoint",
          "/sbin/upinit",
          image,
          "sh",
          "-c",
          "trap 'exit 5' TERM; (sleep 2000 &); echo up; while :; do sleep 0.1; done",
        );
        try {
          await eventually(async () => (await docker(["logs", second])).includes("up"));
          await docker(["exec", second, "initctl", "version"]);
          await docker(["stop", "--time", "60", second]);
          expect(await docker(["wait", second])).toBe("5");
        } finally {
          await docker(["rm", "--force", second]);
        }
        expect(await docker(["exec", first, "ps"])).toContain("sleep 1000");
      } finally {
        await docker(["rm", "--force", first]);
      }
    });
  });

  describe("the engine's own --init", () => {
    const socket = join(work, "engine.sock");
    const other = (...words: string[]) => docker(["--host", `unix://${socket}`, ...words]);

    test("is upinit when --init-path says so", async () => {
      const initPath = join(work, "docker-init");
      symlinkSync(executable(), initPath);
      const daemon = spawn(
        // In a network of its own: an engine that has no bridge takes the bridge of the other away.
        "unshare",
        [
          "--net",
          "dockerd",
          "--init-path",
          initPath,
          "--host",
          `unix://${socket}`,
          "--data-root",
          join(work, "data"),
          "--exec-root",
          join(work, "exec"),
          "--pidfile",
          join(work, "pid"),
          "--bridge",
          "none",
          "--iptables=false",
          "--ip6tables=false",
        ],
        { stdio: "ignore" },
      );
      const ended = new Promise((resolve) => daemon.on("exit", resolve));
      try {
        await eventually(() => spawnSync("docker", ["--host", `unix://${socket}`, "info"]).status === 0);
        expect(await other("info", "--format", "{{.InitBinary}}")).toBe(initPath);
        await docker(["--host", `unix://${socket}`, "import", "-", image], archive());
        const run = ["run", "--rm", "--init", "--network", "none", "--entrypoint", "sh", image, "-c"];
        expect(await other(...run, "ps; exit 0")).toMatch(/^ +1 0 +.*docker-init -- sh -c/m);
        await expect(other(...run, "exit 9")).rejects.toThrow("status 9");
        expect(await other(...run, "(sleep 0.1 &); sleep 0.5; ps -o stat | grep -c Z || true")).toBe("0");
      } finally {
        daemon.kill("SIGTERM");
        await ended;
      }
    });
  });

  const inSwarm = spawnSync("docker", ["info", "--format", "{{.Swarm.LocalNodeState}}"])
    .stdout.toString()
    .trim();

  describe.skipIf(inSwarm !== "inactive")("Swarm", () => {
    const service = (format: string) => docker(["service", "inspect", "--format", format, "upinit-test"]);
    const tasks = (state: string) =>
      docker([
        "service",
        "ps",
        "--filter",
        `desired-state=${state}`,
        "--format",
        "{{.CurrentState}}",
        "upinit-test",
      ]);
    const update = (...words: string[]) =>
      docker([
        "service",
        "update",
        "--detach=false",
        "--quiet",
        "--no-resolve-image",
        ...words,
        "upinit-test",
      ]);
    const container = async () =>
      (await docker(["ps", "--quiet", "--filter", "label=com.docker.swarm.service.name=upinit-test"])).trim();

    beforeAll(async () => {
      await docker(["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    });

    afterAll(async () => {
      await docker(["service", "rm", "upinit-test"]).catch(() => "");
      await docker(["swarm", "leave", "--force"]);
    });

    test("a service with a health check, a rolling update, and one that is rolled back", async () => {
      await docker([
        "service",
        "create",
        "--name",
        "upinit-test",
        "--detach=false",
        "--quiet",
        "--no-resolve-image",
        "--entrypoint",
        "/sbin/upinit",
        "--health-cmd",
        "service web status",
        "--health-interval",
        "1s",
        "--health-retries",
        "2",
        "--health-start-period",
        "20s",
        "--update-failure-action",
        "rollback",
        "--update-monitor",
        "5s",
        "--stop-grace-period",
        "60s",
        image,
      ]);
      expect(await tasks("running")).toMatch(/^Running/);
      const first = await container();
      expect(await docker(["inspect", "--format", "{{.State.Health.Status}}", first])).toBe("healthy");

      await update("--env-add", "VERSION=2");
      const second = await container();
      expect(second).not.toBe(first);
      expect(await docker(["exec", second, "initctl", "status", "web"])).toMatch(/start\/running/);
      // Stopped in order, not killed.
      expect(await docker(["inspect", "--format", "{{.State.ExitCode}}", first])).toBe("0");

      await update(
        "--env-add",
        "VERSION=3",
        "--health-cmd",
        "service nothing status",
        "--health-start-period",
        "1s",
      ).catch(() => "");
      await eventually(async () => (await service("{{.UpdateStatus.State}}")) === "rollback_completed");
      expect(await service("{{.Spec.TaskTemplate.ContainerSpec.Env}}")).toBe("[VERSION=2]");
      expect(await tasks("running")).toMatch(/^Running/);
    });
  });
});
