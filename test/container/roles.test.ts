/** One image in several roles, and signals to its jobs. */
import { describe, expect, test } from "vitest";
import { booted, eventually } from "./fixture/index.ts";

const service = "start on startup\nexec sleep 1000\n";
const jobs = { "web.conf": service, "worker-a.conf": service, "worker-b.conf": service };
const states = "initctl list | sed 's/, process .*//'";

describe.concurrent("roles", () => {
  test.each([
    [["--disable", "web,worker-b"], {}, ["worker-a"]],
    [["--only", "worker-*"], {}, ["worker-a", "worker-b"]],
    [[], { UPINIT_ONLY: "web" }, ["web"]],
    [[], { UPINIT_DISABLE: "worker*" }, ["web"]],
  ])("%j %j", async (args, env, running) => {
    await using box = await booted({ jobs, args, env });
    await box.run("initctl wait --boot");
    const names = Object.keys(jobs).map((file) => file.replace(".conf", ""));
    const expected = names.map(
      (name) => `${name} ${running.includes(name) ? "start/running" : "stop/waiting"}`,
    );
    expect(await box.run(states)).toBe(expected.join("\n"));
    const [off] = names.filter((name) => !running.includes(name));
    expect(await box.run(`start ${off}`)).toContain("start/running");
  });
});

describe.concurrent("initctl signal", () => {
  test("reaches main, or with --group its whole group", async () => {
    const script = `start on startup
script
  sh -c 'trap "echo child >> /tmp/got" USR1; while :; do sleep 0.05 || :; done' &
  trap 'echo main >> /tmp/got' USR1
  touch /tmp/ready
  while :; do sleep 0.05 || :; done
end script
`;
    await using box = await booted({ jobs: { "a.conf": script } });
    await eventually(() => box.run("test -e /tmp/ready && pgrep -f 'trap .echo child'"));
    await box.run("initctl signal USR1 a");
    await eventually(async () => (await box.read("/tmp/got")) === "main\n");
    await box.run("initctl signal --group SIGUSR1 a");
    await eventually(
      async () => (await box.read("/tmp/got")).split("\n").sort().join(" ").trim() === "child main main",
    );
    expect(await box.exec("initctl signal NOPE a")).toMatchObject({
      status: 1,
      stderr: "initctl: there is no signal NOPE\nTry `initctl --help' for more information.\n",
    });
    await box.run("stop a");
    expect((await box.exec("initctl signal TERM a")).status).toBe(1);
  });
});
