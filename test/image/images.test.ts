/** Every directory of `images/` builds, runs and does what its README says. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { hostImage } from "../container/fixture/host-image.ts";
import { booted, type Container, container, eventually } from "../container/fixture/index.ts";
import { buildOurs } from "./build.ts";

const has = (program: string) => spawnSync(program, ["-v"], { stdio: "ignore" }).error === undefined;

const run = (image: string, env: Readonly<Record<string, string>> = {}) =>
  booted({ driver: "docker", image: { docker: image }, env });

/** What an address inside the container answers. */
function fetched(box: Container, url: string): Promise<string> {
  const program = `fetch("${url}").then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
  return eventually(() => box.run(["node", "-e", program]));
}

describe("images", () => {
  test("scratch: nothing but upinit, and it runs a job", async () => {
    await using box = await run(await buildOurs("scratch"));
    await eventually(() => /^hello \| upinit \d/m.test(box.stdout));
    expect(await box.run(["/sbin/initctl", "list"])).toBe("hello stop/waiting");
    expect(await box.stop()).toBe(0);
  });

  test("debian: jobs in a system with a shell, and a health check", async () => {
    await using box = await run(await buildOurs("debian", await hostImage()));
    await eventually(() => /^heartbeat \| alive$/m.test(box.stdout));
    expect(box.stdout).toMatch(/^banner \| PRETTY_NAME=.*\n(.*\n)*heartbeat \| alive$/m);
    expect(await box.run("initctl list")).toMatch(
      /^banner stop\/waiting\nheartbeat start\/running, process \d+$/,
    );
    expect(await box.run("cat /var/log/upstart/heartbeat.log")).toBe("alive");
    await box.run("initctl health");
    expect(await box.stop()).toBe(0);
  });

  test("tutorial: Hello World, as the text promises", async () => {
    await using box = await run(await buildOurs("tutorial", await hostImage()));
    expect(await fetched(box, "http://127.0.0.1:8888/")).toBe("Hello World");
    await eventually(() => box.run("grep 'Test Job ran at' /var/log/testjob.log"));
    await box.run("initctl emit visit NAME=Ada");
    await eventually(() => box.stdout.includes("greeting | Good day, Ada\n"));
    expect(await box.stop()).toBe(0);
    expect(await box.read("/var/log/nodetest.log")).toMatch(/Node Test Stopping\n$/);
  });

  test.skipIf(!has("nginx"))(
    "web-stack: everything starts in order, serves, and stops in order",
    async () => {
      const base = await hostImage({
        programs: ["nginx"],
        trees: ["/etc/nginx"],
      });
      await using box = await run(await buildOurs("web-stack", base));
      expect(await fetched(box, "http://127.0.0.1:8080/")).toBe("Hello from behind nginx");
      await box.run("initctl health --require nginx app");
      await box.run("stop app");
      expect(await box.exec("initctl health --require nginx app")).toMatchObject({
        status: 1,
        stdout: "nginx is down, and waits for app\napp is stop/waiting\n",
      });
      expect(await box.run("initctl explain nginx")).toContain(
        "It is down, and starts again when app is there.",
      );
      await box.run("start app");
      await eventually(async () => (await box.exec("initctl health --require nginx app")).status === 0);
      expect(await fetched(box, "http://127.0.0.1:8080/")).toBe("Hello from behind nginx");
      await eventually(() => /^shipper \| .*"GET \/ HTTP\/1\.1" 200/m.test(box.stdout));
      const order = ["migrate | migrated to version 2", "app | listening", "shipper | "].map((text) =>
        box.stdout.indexOf(text),
      );
      expect(order).toEqual(order.toSorted((one, other) => one - other));
      expect(await box.run("stat -c %U /proc/$(pgrep -f [/]srv/app.js)")).toBe("www-data");
      expect(await box.stop()).toBe(0);
    },
  );

  test("cron: jobs by the clock, with the container's environment", async () => {
    const image = { docker: await buildOurs("cron", await hostImage()) };
    await using box = await booted({ driver: "docker", image, env: { TARGET: "the moon" } });
    await eventually(() => box.stdout.split("heartbeat | alive at ").length > 3);
    expect(await box.run("initctl list -l")).toMatch(/^backup .*next \d{4}-\d\d-\d\dT/m);
    await box.run("start backup");
    await eventually(() => box.stdout.includes("backup | backing up to the moon\n"));
  });

  test("ci: the container's status is that of the tests", async () => {
    const image = { docker: await buildOurs("ci", await hostImage()) };
    await using good = await container({ driver: "docker", image });
    expect(await good.wait()).toBe(0);
    expect(good.stdout).toMatch(/^tests \| # pass 2$/m);
    await using bad = await container({ driver: "docker", image, env: { EXPECTED: "7" } });
    expect(await bad.wait()).toBe(1);
    expect(bad.stdout).toMatch(/^tests \| # fail 1$/m);
  });
});
