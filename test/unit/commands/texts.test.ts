import { describe, expect, it } from "vitest";
import { explainLines } from "../../../src/commands/explain.ts";
import { dotGraph, mermaidGraph } from "../../../src/commands/graph.ts";
import { displayName, statusLines } from "../../../src/commands/render.ts";
import type { Style } from "../../../src/commands/style.ts";
import { minutesUntil } from "../../../src/commands/sysv/time.ts";
import { span, table } from "../../../src/commands/text.ts";
import { treeLines } from "../../../src/commands/tree.ts";
import type { Explanation, JobConfiguration, JobStatus } from "../../../src/control/answers.ts";
import { VirtualControl } from "../../support/virtual-control.ts";

const same = (text: string) => text;
const plain: Style = { strong: same, faint: same, good: same, bad: same, notable: same };

type Processes = [JobStatus["processes"][number]["process"], number][];
const status = (name: string, instance: string, state: string, processes: Processes): JobStatus => {
  const [goal, now] = state.split("/") as [JobStatus["goal"], string];
  return {
    name,
    instance,
    goal,
    state: now,
    processes: processes.map(([process, pid]) => ({ process, pid })),
  };
};

// Reference 8.4 and 11.5 (111).
it.each<[JobStatus, string[]]>([
  [status("foo", "", "stop/waiting", []), ["foo stop/waiting"]],
  [status("foo", "", "start/running", [["main", 3648]]), ["foo start/running, process 3648"]],
  [status("foo", "", "start/pre-start", [["pre-start", 3648]]), ["foo start/pre-start, process 3648"]],
  [
    status("foo", "", "start/post-start", [
      ["main", 3648],
      ["post-start", 8609],
    ]),
    ["foo start/post-start, process 3648", "\tpost-start process 8609"],
  ],
  [
    status("foo", "", "start/post-start", [["post-start", 3648]]),
    ["foo start/post-start, (post-start) process 3648"],
  ],
  [
    status("foo", "bar", "stop/pre-stop", [
      ["main", 6312],
      ["pre-stop", 8609],
    ]),
    ["foo (bar) stop/pre-stop, process 6312", "\tpre-stop process 8609"],
  ],
  [status("foo", "", "stop/post-stop", [["post-stop", 7465]]), ["foo stop/post-stop, process 7465"]],
])("status line of $name $goal/$state", (job, lines) => {
  expect(statusLines(job)).toEqual(lines);
});

it("names an instance in parentheses, and none if it has no name", () => {
  expect([displayName({ name: "a", instance: "x y" }), displayName({ name: "a", instance: "" })]).toEqual([
    "a (x y)",
    "a",
  ]);
});

it.each([
  [3, "0.00 s"],
  [440, "0.44 s"],
  [9_440, "9.4 s"],
  [59_900, "59 s"],
  [185_000, "3 min 5 s"],
  [7_440_000, "2 h 4 min"],
  [273_600_000, "3 d 4 h"],
])("a span of %d ms is %s", (milliseconds, text) => {
  expect(span(milliseconds)).toBe(text);
});

it("aligns columns", () => {
  expect(
    table(
      [
        ["A", "B", "C"],
        ["long", "1", "x"],
        ["y", "23", ""],
      ],
      [1],
    ),
  ).toEqual(["A      B  C", "long   1  x", "y     23"]);
});

describe("times of shutdown", () => {
  it.each([
    ["now", 0],
    ["+5", 5],
    ["7", 7],
    ["0", 0],
    ["10:30", 30],
    ["9:59", 24 * 60 - 1],
    ["10:00", 0],
  ])("%s is in %d minutes", (time, minutes) => {
    expect(minutesUntil(time, 10 * 60)).toBe(minutes);
  });

  it.each([
    ["24:00", "illegal hour value"],
    ["x:00", "illegal hour value"],
    ["10:60", "illegal minute value"],
    ["10:", "illegal minute value"],
    ["soon", "illegal time value"],
    ["-5", "illegal time value"],
    ["+", "illegal time value"],
    ["", "illegal time value"],
  ])("%j is refused", (time, message) => {
    expect(() => minutesUntil(time, 0)).toThrow(message);
  });
});

const jobs = {
  db: "start on runlevel [2345]\nemits db-*\nexec sleep",
  migrate: "start on started db\ntask\nexec run",
  web: "start on stopped migrate and net-up\nstop on stopping db\nexec sleep",
  cache: "start on db-ready\nexec sleep",
  tool: "exec sleep",
  ping: "start on started pong\nexec sleep",
  pong: "start on started ping\nexec sleep",
};
const configuration = (): JobConfiguration[] =>
  new VirtualControl(jobs).connect().result("show-config") as JobConfiguration[];

it("draws a tree of what starts what", () => {
  expect(treeLines(configuration(), plain, same)).toEqual([
    "runlevel [2345]",
    "`- db",
    "   |- db-ready",
    "   |  `- cache",
    "   `- started db",
    "      `- migrate (task)",
    "         `- stopped migrate",
    "            `- web",
    "net-up",
    "`- web ...",
    "(by hand)",
    "`- tool",
    "(each started by another of these)",
    "ping",
    "`- started ping",
    "   `- pong",
    "      `- started pong",
    "         `- ping ...",
  ]);
});

it("draws a graph for Graphviz", () => {
  const graph = dotGraph(configuration());
  expect(graph).toContain('"job migrate" [label="migrate", style=rounded];');
  expect(graph).toContain('"job db" -> "event started db";\n');
  expect(graph).toContain('"event started db" -> "job migrate";\n');
  expect(graph).toContain('"event stopping db" -> "job web" [style=dashed, color=red];\n');
});

it("draws a graph for Mermaid, whatever names hold", () => {
  const odd = new VirtualControl({ 'a"#b': "start on x\nexec sleep" }).connect().result("show-config");
  expect(mermaidGraph(odd as JobConfiguration[])).toBe(
    'flowchart LR\n  n0["a#quot;#35;b"]\n  n1(["x"])\n  n1 --> n0\n',
  );
});

describe("explain", () => {
  const explain = (control: VirtualControl, job: string) =>
    explainLines(control.connect().result("explain", { job }) as Explanation, plain, same);

  it("says what a job waits for", () => {
    const control = new VirtualControl({
      web: "description hello\nstart on started db and (net-up IFACE=eth0 or local)\nexec sleep",
      db: "exec sleep",
    });
    control.connect().result("start", { job: "db" });
    expect(explain(control, "web")).toEqual([
      "web  /etc/init/web.conf",
      "  hello",
      "",
      "  It does not run: it waits for net-up IFACE=eth0, local.",
      "",
      "  start on",
      "    all of",
      "      [x] started db",
      "      one of",
      "        [ ] net-up IFACE=eth0  (no loaded job emits this)",
      "        [ ] local  (no loaded job emits this)",
    ]);
  });

  it("says who can bring it about", () => {
    const control = new VirtualControl({ web: "start on ready\nexec sleep", db: "emits re*\nexec sleep" });
    expect(explain(control, "web").at(-1)).toBe("    [ ] ready  (from db)");
    expect(explain(control, "db")).toContain(
      "  It does not run: nothing starts it but `initctl start` (it has no `start on`).",
    );
  });

  it("says that the respawn limit was hit, and shows the last output", () => {
    const control = new VirtualControl({ flap: "respawn\nrespawn limit 2 5\nexec exit 3" });
    control.output.set("flap", ["dying"]);
    control.connect().ask("start", { job: "flap" });
    control.pass(2_000);
    const lines = explain(control, "flap");
    expect(lines).toContain(
      "  It does not run: it was respawned more than 2 times in 5 s (the respawn limit), 2.0 s ago; at last its main process terminated with status 3.",
    );
    expect(lines.filter((line) => line.endsWith("terminated with status 3, 2.0 s ago"))).toHaveLength(3);
    expect(lines.slice(-2)).toEqual(["  last output", "    | dying"]);
  });

  it("says that pre-start failed", () => {
    const control = new VirtualControl({ web: "pre-start exec exit 2\nexec sleep" });
    control.connect().ask("start", { job: "web" });
    expect(explain(control, "web")).toContain(
      "  It does not run: its pre-start process terminated with status 2, 0.00 s ago.",
    );
  });

  it("says what holds a job, what it is at, and what `expect` waits for", () => {
    const control = new VirtualControl({
      web: "exec sleep",
      gate: "start on starting web\npre-start exec run\nexec sleep",
      forks: "expect daemon\nexec sleep",
    });
    const client = control.connect();
    client.result("start", { job: "web", wait: false });
    client.result("start", { job: "forks", wait: false });
    control.pass(3_000);
    expect(explain(control, "web")).toContain(
      "  It has been held in starting for 3.0 s: its event `starting` waits for gate.",
    );
    expect(explain(control, "gate")).toContain("  Its pre-start process has been running for 3.0 s.");
    expect(explain(control, "forks")).toContain(
      "  It has been waiting for 3.0 s for its main process to fork twice (`expect daemon`).",
    );
  });
});
