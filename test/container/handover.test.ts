/** A CMD that ran alone, and jobs or clients that come later: the init takes over, and CMD notices nothing. */
import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { container, eventually } from "./fixture/index.ts";

const { signals } = constants;

const told =
  "for s in HUP INT PWR TERM; do trap \"echo got $s\" $s; done; trap 'exit 7' USR1; echo up; while :; do sleep 0.05; done";

const command = ["sh", "-c", told];

describe.concurrent("a CMD that the init takes over", () => {
  test("still gets every signal after a client came, as there is no job that could mean one", async () => {
    await using box = await container({ args: ["--", ...command] });
    await eventually(() => box.stdout.includes("up"));
    expect(await box.run("initctl list")).toBe("");
    for (const signal of ["INT", "PWR", "HUP", "TERM"]) {
      await box.kill(signals[`SIG${signal}` as keyof typeof signals]);
      await eventually(() => box.stdout.includes(`got ${signal}`));
    }
    await box.kill(signals.SIGUSR1);
    expect(await box.wait()).toBe(7);
  });

  test("goes on when a job that comes later fails as a boot task", async () => {
    await using box = await container({ args: ["--boot-timeout", "60", "--", ...command] });
    await eventually(() => box.stdout.includes("up"));
    await box.run(
      "mkdir -p /etc/init && printf 'start on startup\\ntask\\nexec false\\n' > /etc/init/late.conf",
    );
    await eventually(async () => (await box.exec("initctl status late")).status === 0);
    await eventually(async () => (await box.exec("runlevel")).stdout === "N 2\n");
    expect((await box.exec("initctl health")).stdout).toContain("late failed");
    await box.kill(signals.SIGUSR1);
    expect(await box.wait()).toBe(7);
  });
});
