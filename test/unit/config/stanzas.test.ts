import { describe, expect, test } from "vitest";
import { grammar } from "../../../src/config/explain.ts";
import { parseJob } from "../../../src/config/parser.ts";
import { stanzas } from "../../../src/config/stanzas.ts";
import type { JobClass } from "../../../src/jobs/job-class.ts";

function parse(text: string): JobClass {
  const result = parseJob(text, { name: "t", path: "/etc/init/t.conf" });
  if (!result.ok) throw new Error(`${result.diagnostic.line}: ${result.diagnostic.message}`);
  return result.jobClass;
}

/** Byte and message of each error (docs/upstart.md#24-errors). */
function refusal(text: string): string {
  const result = parseJob(text, { name: "t", path: "t.conf" });
  if (result.ok) return "accepted";
  const { line, place, message } = result.diagnostic;
  return `${line}:${(place?.column ?? 0) - 1} ${message}`;
}

const infinity = Number.POSITIVE_INFINITY;

describe("stanzas", () => {
  test("an empty file defines a class of defaults", () => {
    expect(parse("")).toMatchObject({
      name: "t",
      path: "/etc/init/t.conf",
      description: null,
      startOn: null,
      emits: [],
      processes: {},
      expect: "none",
      task: false,
      respawn: false,
      respawnLimit: { count: 10, interval: 5 },
      instance: "",
      killSignal: 15,
      killTimeout: 5,
      reloadSignal: 1,
      console: null,
      umask: null,
      nice: null,
      oomScore: null,
    });
  });

  test.each<[string, Partial<JobClass>]>([
    ["description state\n", { description: "state", processes: {} }],
    [
      'exec /sbin/daemon -d "foo"\n',
      { processes: { main: { script: false, command: '/sbin/daemon -d "foo"' } } },
    ],
    ["exec a\nexec b\n", { processes: { main: { script: false, command: "b" } } }],
    ["script\n a\nend script\nexec X\n", { processes: { main: { script: false, command: "X" } } }],
    ["exec X\nscript\n a\nend script\n", { processes: { main: { script: true, command: "a\n" } } }],
    [
      "pre-start exec a\npost-stop script\nb\nend script\n",
      {
        processes: {
          "pre-start": { script: false, command: "a" },
          "post-stop": { script: true, command: "b\n" },
        },
      },
    ],
    ["emits wibble\nemits wobble waggle\n", { emits: ["wibble", "wobble", "waggle"] }],
    ["expect stop\nexpect none\n", { expect: "none" }],
    ["expect notify\nwatchdog 30\n", { expect: "notify", watchdog: 30 }],
    ["respawn\n", { respawn: true, respawnLimit: { count: 10, interval: 5 } }],
    ["respawn limit 5 60\n", { respawn: false, respawnLimit: { count: 5, interval: 60 } }],
    ["respawn limit 99999999999 5\n", { respawnLimit: { count: 1215752191, interval: 5 } }],
    ["respawn limit unlimited\n", { respawnLimit: { count: 0, interval: 0 } }],
    ["respawn backoff 1 30\n", { respawn: false, respawnBackoff: { min: 1, max: 30 } }],
    ["kill timeout 10\nkill leftovers\n", { killTimeout: 10, killLeftovers: true }],
    ['kill timeout "+5"\n', { killTimeout: 5 }],
    ["kill signal INT\n", { killSignal: 2 }],
    ["kill signal SIGINT\n", { killSignal: 2 }],
    ["kill signal 2\n", { killSignal: 2 }],
    ["reload signal USR2\n", { reloadSignal: 12 }],
    ["reload signal 31\n", { reloadSignal: 31 }],
    ["normal exit 99 100\nnormal exit 101 SIGTERM\n", { normalExit: [99, 100, 101, 15 << 8] }],
    ["console owner\n", { console: "owner" }],
    ['env FOO=\nenv BAR\nenv "A=b c"\n', { env: ["FOO=", "BAR", "A=b c"] }],
    ["export FOO BAR BAZ\nexport QUUX\n", { export: ["FOO", "BAR", "BAZ", "QUUX"] }],
    ["umask 0755\n", { umask: 0o755 }],
    ["nice -20\n", { nice: -20 }],
    ["nice -0\n", { nice: 0 }],
    ["oom 10\n", { oomScore: 666 }],
    ["oom -10\n", { oomScore: -588 }],
    ["oom -17\n", { oomScore: -1000 }],
    ["oom never\n", { oomScore: -1000 }],
    ["oom never\noom score 100\n", { oomScore: 100 }],
    [
      "limit nofile 10 20\nlimit core unlimited -1\n",
      {
        limits: new Map([
          ["nofile", { soft: 10, hard: 20 }],
          ["core", { soft: infinity, hard: infinity }],
        ]),
      },
    ],
    ["limit as 18446744073709551615 4096\n", { limits: new Map([["as", { soft: infinity, hard: 4096 }]]) }],
    ["setuid a\nsetgid b\nchroot /c\nchdir /d\n", { setuid: "a", setgid: "b", chroot: "/c", chdir: "/d" }],
    ["apparmor load /p\napparmor switch q\n", { apparmorLoad: "/p", apparmorSwitch: "q" }],
    ["cgroup cpu\ncgroup cpu a b c\n", { cgroups: [["cpu"], ["cpu", "a", "b", "c"]] }],
    ["debug\ntask\n", { debug: true, task: true }],
    ['console "log"\nexpect "fork"\n', { console: "log", expect: "fork" }],
    ['limit "core" 1 1\noom "score" 5\n', { limits: new Map([["core", { soft: 1, hard: 1 }]]), oomScore: 5 }],
    ["umask -0\n", { umask: 0 }],
    ['manual description "x"\n', { startOn: null, description: "x" }],
    ["manual\nstart on X\n", { startOn: { type: "match", event: "X", args: [] } }],
    ["start on X\nmanual\n", { startOn: null }],
    ["shutdown on failure\n", { shutdownOn: "failure" }],
    ["instance $A-$B\n", { instance: "$A-$B" }],
  ])("%j", (text, fields) => {
    expect(parse(text)).toMatchObject(fields);
  });

  test.each([
    ["exec\n", "1:4 Expected token"],
    ["script foo\n", "1:7 Unexpected token"],
    ["pre-start\n", "1:9 Expected token"],
    ["pre-start foo\n", "1:10 Unknown stanza"],
    ["pre-start exec\n", "1:14 Expected token"],
    ["pre-start script foo\n", "1:17 Unexpected token"],
    ['description "a test job" "ya ya"\n', "1:25 Unexpected token"],
    ['description ""\n', "1:12 Expected token"],
    ["expect foo\n", "1:7 Unknown stanza"],
    ["expect daemon foo\n", "1:14 Unexpected token"],
    ["respawn limit 10 foo\n", "1:17 Illegal interval, expected number of seconds"],
    ["respawn limit 0 1 foo\n", "1:18 Unexpected token"],
    ["respawn limit 10 -1\n", "1:17 Illegal interval, expected number of seconds"],
    ["respawn limit 99foo 1\n", "1:14 Illegal limit, expected 'unlimited' or integer"],
    ["respawn limit 10000000000000000000 1\n", "1:14 Illegal limit, expected 'unlimited' or integer"],
    ["kill timeout 10000000000000000000\n", "1:13 Illegal interval, expected number of seconds"],
    ["kill signal int\n", "1:12 Illegal signal status, expected integer"],
    ["console wibble\n", "1:8 Unknown stanza"],
    ["env FOO=BAR oops\n", "1:12 Unexpected token"],
    ["instance $FOO foo\n", "1:14 Unexpected token"],
    ["limit locks 1 1\n", "1:6 Unknown stanza"],
    ["limit nofile 10k 20\n", "1:13 Illegal limit, expected 'unlimited' or integer"],
    ["normal wibble\n", "1:7 Unknown stanza"],
    ["apparmor foo\n", "1:9 Unknown stanza"],
    ["manual foo\n", "1:7 Unknown stanza"],
    ['"exec" foo\n', "1:0 Unknown stanza"],
    ["respawn backoff 10 1\n", "1:19 Illegal backoff, expected MAX not below MIN"],
    ["watchdog 0\n", "1:9 Illegal watchdog interval, expected number of seconds above 0"],
    ["shutdown on never\n", "1:12 Unknown stanza"],
    ["respawn limit 2147483648 5\n", "1:14 Illegal limit, expected 'unlimited' or integer"],
    // Upstart looks at the second word of most stanzas with its quotes.
    ['start "on" foo\n', "1:6 Unknown stanza"],
    ['stop ""\n', "1:5 Unknown stanza"],
    ["pre-start 'exec' foo\n", "1:10 Unknown stanza"],
    ['kill "timeout" 5\n', "1:5 Unknown stanza"],
    ['reload "signal" HUP\n', "1:7 Unknown stanza"],
    ['respawn "limit" 5 10\n', "1:8 Unknown stanza"],
    ['normal "exit" 1\n', "1:7 Unknown stanza"],
    ['apparmor "load" x\n', "1:9 Unknown stanza"],
    // The line that is reported is the one that was reached.
    ["bogus \\\n  foo\n", "2:0 Unknown stanza"],
    ["\\\nexec true\n", "2:0 Unknown stanza"],
    ["task\n\\\n  exec true\n", "3:0 Unknown stanza"],
    ["kill timeout \\\n abc\n", "2:1 Illegal interval, expected number of seconds"],
  ])("%j is refused: %s", (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  test("each stanza of the table has its grammar for messages", () => {
    const firstWords = new Set([...grammar.keys()].map((key) => key.split(" ")[0]));
    expect([...stanzas.keys()].filter((name) => !firstWords.has(name))).toEqual([]);
    expect([...firstWords].filter((name) => !stanzas.has(name as string))).toEqual([]);
  });
});

describe("an override", () => {
  const base = parse('start on starting\nauthor "me"\nenv A=conf\nemits x\nlimit core 1 1\nexec a\n');
  const before = structuredClone(base);

  test("is laid upon a copy of the class", () => {
    const options = { name: "t", path: "/etc/init/t.override", base };
    const result = parseJob(
      'manual\nauthor "you"\ndescription "d"\nenv A=over\nemits y\nlimit core 2 2\npre-start exec b\n',
      options,
    );
    expect(result).toMatchObject({
      ok: true,
      jobClass: {
        startOn: null,
        author: "you",
        description: "d",
        path: "/etc/init/t.conf",
        env: ["A=conf", "A=over"],
        emits: ["x", "y"],
        limits: new Map([["core", { soft: 2, hard: 2 }]]),
        processes: { main: { command: "a" }, "pre-start": { command: "b" } },
      },
    });
    expect(base).toEqual(before);
  });

  test("with an error changes nothing and names its own file", () => {
    const result = parseJob("exec c\nenv B=1\nbogus\n", { name: "t", path: "/etc/init/t.override", base });
    expect(result).toMatchObject({ ok: false, diagnostic: { path: "/etc/init/t.override", line: 3 } });
    expect(base).toEqual(before);
  });
});
