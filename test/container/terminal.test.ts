/** CMD on a terminal: it is in the foreground, and the keyboard reaches it. */
import { describe, expect, test } from "vitest";
import { booted, container, eventually } from "./fixture/index.ts";

const control = (letter: string) => String.fromCharCode(letter.charCodeAt(0) - 64);
const jobs = { "a.conf": "start on startup\nexec sleep 1000\n" };

/** Says when it is ready, and by which signal it ends. */
const listener =
  "trap 'echo interrupted; exit 5' INT; trap 'echo quit; exit 6' QUIT; echo ready; while :; do sleep 0.1; done";

describe.concurrent.each([
  ["alone", {}],
  ["beside jobs", { jobs }],
])("CMD %s", (_name, more) => {
  test.each([
    ["C", "interrupted", 5],
    ["\\", "quit", 6],
  ])("gets what Ctrl-%s sends", async (key, said, status) => {
    await using box = await container({ ...more, terminal: true, args: ["sh", "-c", listener] });
    await eventually(() => box.stdout.includes("ready"));
    box.type(control(key));
    expect(await box.wait()).toBe(status);
    expect(box.stdout).toContain(said);
  });

  test("can be a shell that a person types into, with job control", async () => {
    await using box = await container({ ...more, terminal: true, args: ["bash", "--norc", "-i"] });
    box.type("echo $((40 + 2)) is the answer\n");
    await eventually(() => box.stdout.includes("42 is the answer"));
    const others = (await box.exec("pgrep -x sleep")).stdout;
    box.type("sleep 1000\n");
    await eventually(async () => (await box.exec("pgrep -x sleep")).stdout !== others);
    box.type(control("Z"));
    // At its prompt, the shell has the terminal back, and nothing that is typed can get lost on the way.
    await eventually(() => /Stopped[\s\S]*[#$] $/.test(box.stdout));
    box.type("kill -KILL %1\n");
    await eventually(async () => (await box.exec("pgrep -x sleep")).stdout === others);
    box.type("exit 3\n");
    expect(await box.wait()).toBe(3);
    expect(box.stdout).not.toContain("no job control");
  });

  test("is told of a stop by SIGTERM", async () => {
    const script = "trap 'echo terminated; exit 7' TERM; echo ready; while :; do sleep 0.1; done";
    await using box = await container({ ...more, terminal: true, args: ["sh", "-c", script] });
    await eventually(() => box.stdout.includes("ready"));
    expect(await box.stop()).toBe(7);
    expect(box.stdout).toContain("terminated");
  });
});

test("a job with console output writes to the terminal, one with console log has its name in front", async () => {
  await using box = await booted({
    terminal: true,
    jobs: {
      "plain.conf": "start on startup\nconsole output\nexec sh -c 'echo plain; tty'\n",
      "logged.conf": "start on startup\nexec sh -c 'echo logged'\n",
    },
  });
  await eventually(
    () => box.stdout.includes("logged | logged\r\n") && box.stdout.includes("/dev/console\r\n"),
  );
  expect(box.stdout).toMatch(/^plain\r$/m);
});
