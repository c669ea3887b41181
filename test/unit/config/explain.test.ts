import { describe, expect, test } from "vitest";
import { errorMessages, fileProblem, plainLine } from "../../../src/config/diagnostics.ts";
import { explain, suggestion, toJson } from "../../../src/config/explain.ts";
import { lintConditions, lintJob, type SeenStanza } from "../../../src/config/lint.ts";
import { parseJob } from "../../../src/config/parser.ts";

const path = "/etc/init/t.conf";

/** At least one file for each error, and those mistakes that have a remedy of their own. */
const wrong: readonly string[] = [
  "exec\n",
  "check failures 0\nexec true\n",
  "replicas 0\nexec true\n",
  "replicas 2\ninstance $N\nexec true\n",
  "argv [prog]\n",
  "schedule 0 0 30 2\nexec true\n",
  "expect stop\n ready tcp 80\nexec true\n",
  "task\nready tcp 80\nexec true\n",
  "ready log up\nconsole none\nexec true\n",
  'description ""\n',
  "description a b\n",
  "script now\n",
  "exec true \\",
  'env A=1\ndescription "a text\nexec true\n',
  "# a job\npre-start script\n  true\n",
  "respwan\n",
  "Exec true\n",
  "kill tiemout 5\n",
  "limit nofiles 1 2\n",
  "\ufeffexec true\n",
  '"exec" true\n',
  "PORT=80\n",
  "exec true\nend script\n",
  "start on foo\n  or bar\n",
  "console\tlgo\n",
  "kill timeout 5s\n",
  "respawn limit 10 5m\n",
  "normal exit term\n",
  "kill signal sigterm\n",
  "reload signal NOPE\n",
  "umask 0999\n",
  "nice 20\n",
  "oom 16\n",
  "oom score 1001\n",
  "limit nofile 1k 2k\n",
  "start on foo and\n",
  "start on (foo) (bar)\n",
  "start on foo K=1 v\n",
  "start on (foo or (bar)\nexec true\n",
  "start on foo)\n",
  "start on (foo or bar\n",
  "start on (foo\n\n  or bar)\n",
  "respawn backoff 10 1\n",
  "watchdog 0\n",
  "start timeout 0\n",
  "mkdir run/web\n",
  "mkdir /run/web 9\n",
  "capabilities NET_ADMIN CAP_NOPE\n",
  `start on ${Array.from({ length: 257 }, (_unused, index) => `e${index}`).join(" or ")}\n`,
  "script\n  true\n  a\0b\nend script\n",
  "description 'caf\u00e9 \ud83d\ude00' x\n",
  "env A=\udc80 \udcff\u001b[31m\n",
];

/** At least one file for each warning. */
const doubtful: readonly string[] = [
  "# nothing\n",
  "start on $EVENT\nexec true\n",
  "start on started PORT=$PORT\nexec true\n",
  "respawn limit 5 10\nrespawn backoff 1 5\nexec true\n",
  "expect fork\nscript\n  daemon\nend script\n",
  "expect stop\n",
  'env A="a \\"b\\" \\\\ c\\ d"\nexec true "\\"" \\$HOME\n',
  "manual\nstart on a\nexec true\n",
  "start on a\nmanual\nexec true\n",
  "exec one\nscript\n  two\nend script\nkill signal INT\nkill signal TERM\nlimit core 1 1\nlimit core 2 2\n",
  "watchdog 30\nexec true\n",
  "kill mode process\nscript\n  prepare\n  serve\nend script\n",
  "kill timeout 3601\nexec true\n",
  "apparmor switch p\ncgroup cpu\nexec true\n",
  "limit nofile 20 10\nexec true\n",
  "script\n  true\r\nend script\r\n",
  "exec curl http://localhost/#top\n",
  "kill signal 99\nreload signal 0\nexec true\n",
  "start on foo# and bar\n",
];

function explained(text: string): string {
  const seen: SeenStanza[] = [];
  const observe = (name: string, offset: number, line: number): void => {
    seen.push({ name, offset, line });
  };
  const result = parseJob(text, { name: "t", path, observe });
  const found = result.ok ? lintJob(text, result.jobClass, seen, path) : [result.diagnostic];
  for (const diagnostic of found) codes.add(diagnostic.code);
  return found.map((diagnostic) => explain(diagnostic, "t.conf")).join("");
}

const codes = new Set<string>();

describe("an explained diagnostic", () => {
  test("names file, line, column, source and remedy: all errors", async () => {
    const all = wrong.map(explained);
    expect(Object.keys(errorMessages).filter((code) => !codes.has(code))).toEqual([]);
    for (const one of all) {
      expect(one).toMatch(/^t\.conf:\d+:\d+: error: [A-Z].*\n( +\|\n *\d+ \| .*\n +\|[ \t]*\^+\n)/);
      expect(one).toMatch(/ {2}= help: [A-Z`].*[a-z.!|)\]]\n$/i);
    }
    await expect(all.join("\n")).toMatchFileSnapshot("data/errors.txt");
  });

  test("names file, line, column, source and remedy: all warnings", async () => {
    const all = doubtful.map(explained);
    for (const one of all) expect(one).toMatch(/^t\.conf:\d+:\d+: warning: /);
    await expect(all.join("\n")).toMatchFileSnapshot("data/warnings.txt");
  });

  test("is Upstart's line in a log", () => {
    const result = parseJob("exec true\nbogus\n", { name: "t", path });
    expect(result.ok ? "" : plainLine(result.diagnostic)).toBe("/etc/init/t.conf:2: Unknown stanza");
    expect(
      plainLine(fileProblem("unreadable", "/etc/init", "Unable to load configuration: Permission denied")),
    ).toBe("/etc/init: Unable to load configuration: Permission denied");
  });

  test("is data for programs", () => {
    const result = parseJob("exec true\nkill signal term\n", { name: "t", path });
    expect(result.ok ? null : toJson(result.diagnostic, "t.conf")).toEqual({
      code: "illegal-signal",
      severity: "error",
      file: "t.conf",
      line: 2,
      column: 13,
      message: "Illegal signal status, expected integer",
      place: { line: 2, column: 13, length: 4, source: "kill signal term", skipped: 0 },
      suggestion: "TERM",
      help: expect.stringContaining("kill signal SIGNAL"),
    });
  });

  test("about a whole file has no place", () => {
    const problem = fileProblem("too-large", "/etc/init/x.conf", "File too large");
    expect(explain(problem, "x.conf")).toBe(
      "x.conf: error: File too large\n  = help: Put long scripts into files of their own and run those.\n",
    );
  });
});

describe("did you mean", () => {
  test.each([
    ["respwan\n", "respawn"],
    ["exce true\n", "exec"],
    ["descripton x\n", "description"],
    ["TASK\n", "task"],
    ["console otuput\n", "output"],
    ["expect forks\n", "fork"],
    ["pre-start scirpt\n", "script"],
    ["limit nofiles 1 2\n", "nofile"],
    ["kill signal sigint\n", "SIGINT"],
    ["xyzzy\n", null],
    ["or b\n", null],
    [`${"x".repeat(100_000)}\n`, null],
  ])("%j: %s", (text, meant) => {
    const result = parseJob(text, { name: "t", path });
    expect(result.ok ? "accepted" : suggestion(result.diagnostic)).toBe(meant);
  });
});

describe("conditions of files that are loaded together", () => {
  const load = (name: string, text: string) => {
    const seen: SeenStanza[] = [];
    const result = parseJob(text, {
      name,
      path: `${name}.conf`,
      observe: (stanza, offset, line) => seen.push({ name: stanza, offset, line }),
    });
    if (!result.ok) throw new Error(result.diagnostic.message);
    return { jobClass: result.jobClass, text, seen, path: `${name}.conf` };
  };

  test("are held against what the others emit", () => {
    const files = [
      load("a", "emits ready\nstart on filesystem\n"),
      load("b", "start on ready and started a and stopped c\nstop on gone or a/failed\n"),
    ];
    const found = lintConditions(files, ["filesystem"]);
    expect(
      found.map(({ code, path: file, line, place, word }) => [code, file, line, place?.column, word]),
    ).toEqual([
      ["unknown-job", "b.conf", 1, 42, "c"],
      ["unknown-event", "b.conf", 2, 9, "gone"],
    ]);
    expect(found.map((one) => explain(one, one.path)).join("")).toContain("  |         ^^^^\n");
  });
});
