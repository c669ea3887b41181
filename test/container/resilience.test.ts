/** PID 1 survives everything that its children, its clients and strangers do. */
import { describe, expect, test } from "vitest";
import { booted, type Container, eventually } from "./fixture/index.ts";

const answers = (box: Container) => box.run("initctl list");

/** Runs a program for Node.js inside, with `connect()` giving a connection to the control socket. */
function talk(box: Container, program: string): Promise<string> {
  const connect =
    'const connect = () => require("node:net").connect("/run/upinit/control.sock").on("error", () => {});';
  return box.run(["node", "-e", `${connect}\n${program}`]);
}

describe.concurrent("PID 1 still answers after", () => {
  test("SIGKILL to every process that a job can have", async () => {
    const hang = "exec sh -c 'while :; do sleep 0.1; done'";
    const parts = ["", "pre-start ", "post-start ", "pre-stop ", "post-stop "];
    const jobs = Object.fromEntries(
      parts.map((part) => [
        `victim-${part.trim() || "main"}.conf`,
        `exec sleep 1000\n${part}${hang}\nkill timeout 1\n`,
      ]),
    );
    await using box = await booted({ jobs });
    for (const name of Object.keys(jobs).map((file) => file.replace(".conf", ""))) {
      await box.run(["start", "--no-wait", name]);
      if (name.endsWith("stop")) {
        await eventually(async () => (await box.run(["status", name])).includes("start/running"));
        await box.run(["stop", "--no-wait", name]);
      }
      // The brackets keep pgrep from finding the shell that runs it.
      await eventually(() => box.run("pgrep -f '[w]hile :; do sleep'"));
      await box.run("kill -KILL $(pgrep -f '[w]hile :; do sleep')");
      await answers(box);
      await box.exec(["stop", name]);
      expect(await box.run(["status", name])).toBe(`${name} stop/waiting`);
    }
  });

  test("every signal but those that stop or kill", async () => {
    await using box = await booted({ jobs: { "a.conf": "start on startup\nexec sleep 1000\n" } });
    const meaningful = [2, 9, 15, 19, 37];
    for (let signal = 1; signal <= 64; signal += 1) {
      if (!meaningful.includes(signal)) await box.run(`kill -${signal} 1`);
    }
    expect(await answers(box)).toMatch(/^a start\/running, process \d+$/);
  });

  test("clients that close in the middle of a request", async () => {
    await using box = await booted({ jobs: { "slow.conf": "task\nexec sleep 1000\n" } });
    const half = '{"jsonrpc":"2.0","id":1,"method":"list"';
    const waiting = '{"jsonrpc":"2.0","id":1,"method":"start","params":{"job":"slow"}}\\n';
    await talk(
      box,
      `let open = 0;
       for (let n = 0; n < 100; n++) {
         const socket = connect();
         open += 1;
         socket.on("close", () => { open -= 1; });
         socket.write(n % 2 ? '${half}' : '${waiting}', () => socket.destroy());
       }`,
    );
    expect(await answers(box)).toMatch(/^slow start\/running, process \d+$/);
    const descriptors = () => box.run("ls /proc/1/fd | wc -l");
    await eventually(async () => Number(await descriptors()) < 40);
  });

  test("clients that send garbage: each gets an error and is cut off", async () => {
    await using box = await booted();
    const answer = await talk(
      box,
      `const socket = connect();
       socket.on("data", (data) => process.stdout.write(data));
       socket.write("this is no request\\n");`,
    );
    expect(JSON.parse(answer)).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32700 } });
    await talk(
      box,
      `const garbage = [Buffer.alloc(1 << 20, "x"), require("node:crypto").randomBytes(4096), "[".repeat(100000) + "\\n",
         "\\n\\n\\n\\0\\n", '{"jsonrpc":"2.0","method":"__proto__","id":{}}\\n', '{"jsonrpc":"2.0","id":1,"method":"constructor"}\\n'];
       let left = garbage.length;
       for (const text of garbage) {
         const socket = connect();
         socket.on("data", () => {});
         socket.on("close", () => { left -= 1; if (left === 0) process.exit(0); });
         socket.end(text);
       }`,
    );
    await answers(box);
  });

  test("more connections than it takes", async () => {
    await using box = await booted();
    await talk(box, "for (let n = 0; n < 2000; n++) connect(); setTimeout(() => process.exit(0), 500);");
    await eventually(() => answers(box).then(() => true));
  });

  test("watchers that never read: what they don't take costs little, and is dropped", async () => {
    await using box = await booted();
    const status = await talk(
      box,
      `const say = (socket, id, method, params) => socket.write(JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\\n");
       for (let n = 0; n < 50; n++) { const socket = connect().pause(); say(socket, 1, "watch", {}); }
       const emitter = connect();
       let left = 5000;
       const emit = () => say(emitter, left, "emit", { event: "tick" });
       emitter.on("data", () => {
         left -= 1;
         if (left > 0) return emit();
         process.stdout.write(require("node:fs").readFileSync("/proc/1/status"));
         process.exit(0);
       });
       emit();`,
    );
    expect(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(32 * 1024);
    await answers(box);
  });

  test("its jobs have used up all descriptors: it can be asked, and told to stop them", async () => {
    const names = Array.from({ length: 10 }, (_, n) => `job${n}`);
    await using box = await booted({
      jobs: Object.fromEntries(names.map((name) => [`${name}.conf`, "start on go\nexec sleep 1000\n"])),
    });
    await box.run("initctl emit go");
    // The limit is where the first free number is.
    await box.run(
      "n=0; while [ -e /proc/1/fd/$n ]; do n=$((n + 1)); done; exec prlimit --pid 1 --nofile=$n:$n",
    );
    for (const name of names) expect(await answers(box)).toContain(`${name} start/running`);
    for (const name of names) await box.run(["stop", name]);
  });

  test("5,000 orphans at once", async () => {
    await using box = await booted({ jobs: { "a.conf": "start on startup\nexec sleep 1000\n" } });
    await box.run("for i in $(seq 5000); do sleep 2 & done");
    expect(await answers(box)).toMatch(/^a start\/running/);
    await eventually(async () => (await box.exec("pgrep -x sleep -c")).stdout.trim() === "1");
    expect(await box.run("ps -e -o stat= | grep -c Z || true")).toBe("0");
    expect(await answers(box)).toMatch(/^a start\/running/);
  });
});
