/** Debian's own daemons, which fork, take sessions of their own and overwrite their environment: all are found. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { engineProblem } from "../container/fixture/engine.ts";
import { booted, type Container, eventually, type Files } from "../container/fixture/index.ts";
import { executable } from "../container/fixture/program.ts";
import { compileTool } from "../native/tools.ts";
import { debianServices, servicesProblem } from "./debian-services.ts";

const problem = servicesProblem() ?? (await engineProblem());
const directory = mkdtempSync(join(tmpdir(), "upinit-daemons-"));
const denyCalls = problem === undefined ? compileTool("deny-calls", directory, "-static") : "";
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Daemon {
  readonly stanzas: string;
  /** Prints the pid that the daemon itself calls its own. */
  readonly ownPid: string;
}

const fork = (command: string, more = ""): string => `expect fork\n${more}exec ${command}\n`;

const daemons: Readonly<Record<string, Daemon>> = {
  nginx: { stanzas: fork("nginx"), ownPid: "cat /run/nginx.pid" },
  "php-fpm": { stanzas: fork("php-fpm8.2 -D", "mkdir /run/php\n"), ownPid: "cat /run/php/php8.2-fpm.pid" },
  // Its script runs helpers before the server, and the server is a grandchild.
  apache2: { stanzas: fork("apache2ctl -k start"), ownPid: "cat /run/apache2/apache2.pid" },
  cron: { stanzas: fork("cron"), ownPid: "cat /run/crond.pid" },
  // Called by an init itself it stays in the foreground; Debian's script calls start-stop-daemon.
  sshd: { stanzas: fork("/etc/init.d/ssh start"), ownPid: "cat /run/sshd.pid" },
  rsyslogd: { stanzas: fork("rsyslogd -i /run/rsyslogd.pid"), ownPid: "cat /run/rsyslogd.pid" },
  redis: {
    stanzas: fork("redis-server --daemonize yes --pidfile /run/redis.pid --dir /tmp"),
    ownPid: "cat /run/redis.pid",
  },
  memcached: {
    stanzas: fork("memcached -d -u nobody -l 127.0.0.1"),
    ownPid: "pgrep -o memcached",
  },
  haproxy: {
    stanzas: fork("haproxy -D -f /tmp/haproxy.cfg -p /run/haproxy.pid"),
    ownPid: "cat /run/haproxy.pid",
  },
  // A Perl script that starts pg_ctl, which starts the server.
  postgresql: {
    stanzas: `kill signal INT\nkill timeout 20\n${fork("pg_ctlcluster 15 main start")}`,
    ownPid: "head -1 /var/lib/postgresql/15/main/postmaster.pid",
  },
};

const upinit: Files = {
  "/sbin/upinit": { copy: executable(), mode: 0o755 },
  ...Object.fromEntries(
    ["initctl", "start", "stop", "status"].map((name) => [`/sbin/${name}`, { link: "upinit" }]),
  ),
};

const haproxy = `defaults
  timeout client 5s
  timeout server 5s
  timeout connect 5s
listen a
  mode http
  bind 127.0.0.1:8099
`;

async function machine(
  jobs: Readonly<Record<string, string>>,
  wrapped: boolean,
  files: Files = {},
  words: readonly string[] = [],
): Promise<Container> {
  return booted({
    driver: "docker",
    image: { docker: await debianServices() },
    jobs: Object.fromEntries(Object.entries(jobs).map(([name, text]) => [`${name}.conf`, text])),
    files: {
      ...upinit,
      "/deny-calls": { copy: denyCalls, mode: 0o755 },
      "/tmp/haproxy.cfg": haproxy,
      ...files,
    },
    docker: words,
    entrypoint: wrapped ? ["/deny-calls", "ptrace", "/sbin/upinit"] : ["/sbin/upinit"],
  });
}

const jobs = Object.fromEntries(Object.entries(daemons).map(([name, { stanzas }]) => [name, stanzas]));

describe.skipIf(problem !== undefined)(`Debian's daemons ${problem ?? ""}`, { concurrent: true }, () => {
  describe.each([
    ["with ptrace", false, 3],
    ["without ptrace", true, 10],
  ])("%s", (_title, wrapped, times) => {
    test.each(Object.entries(daemons))(
      `%s is found, ${times} times out of ${times}`,
      async (name, { ownPid }) => {
        await using box = await machine({ [name]: jobs[name] ?? "" }, wrapped);
        for (let time = 0; time < times; time += 1) {
          const started = await box.run(["start", name]);
          let own = "";
          await eventually(async () => {
            own = (await box.exec(ownPid)).stdout.trim();
            return own !== "";
          });
          expect(started).toBe(`${name} start/running, process ${own}`);
          expect(await box.run(["stop", name])).toBe(`${name} stop/waiting`);
          expect((await box.exec(`kill -0 ${own}`)).status).not.toBe(0);
        }
      },
    );
  });

  const tasks = `import time
from celery import Celery
app = Celery("tasks", broker="redis://127.0.0.1", backend="redis://127.0.0.1")

@app.task
def slow():
    open("/tmp/begun", "w").close()
    time.sleep(3)
    open("/tmp/done", "w").close()
`;
  const celery = `chdir /srv
kill mode mixed
kill timeout 60
exec python3 -m celery --app tasks worker --concurrency 1
`;

  test("celery's warm shutdown keeps its task, since the stop signal goes to main alone", async () => {
    await using box = await machine({ celery, redis: "exec redis-server --dir /tmp\n" }, false, {
      "/srv/tasks.py": tasks,
    });
    await box.run("start redis && start celery");
    await box.run("cd /srv && python3 -c 'import tasks; tasks.slow.delay()'");
    await eventually(() => box.run("test -e /tmp/begun"));
    expect(await box.run("stop celery")).toBe("celery stop/waiting");
    await box.run("test -e /tmp/done");
  });

  test("gunicorn and nginx: a reload keeps main, a stop ends all workers", async () => {
    const app = "def app(environ, start):\n    start('200 OK', [])\n    return [b'well']\n";
    await using box = await machine(
      {
        gunicorn: "chdir /srv\nexec gunicorn --bind 127.0.0.1:8098 --workers 2 app:app\n",
        nginx: "exec nginx -g 'daemon off;'\n",
      },
      false,
      { "/srv/app.py": app },
    );
    for (const name of ["gunicorn", "nginx"]) {
      const before = await box.run(["start", name]);
      const workers = `pgrep -P ${before.split(" ").at(-1)}`;
      await eventually(() => box.run(workers));
      const old = await box.run(workers);
      await box.run(["initctl", "reload", name]);
      await eventually(async () => {
        const now = (await box.exec(workers)).stdout.split("\n");
        return now.length > 1 && !old.split("\n").some((pid) => now.includes(pid));
      });
      expect(await box.run(["status", name])).toBe(before);
      await box.run(["stop", name]);
      expect((await box.exec(["pgrep", name])).status).toBe(1);
    }
  });

  test("a process that the kernel kills for lack of memory is named so, with the limit", async () => {
    const jobs = { eater: "exec tail /dev/zero\n" };
    await using box = await machine(jobs, false, {}, ["--memory", "48m", "--memory-swap", "48m"]);
    await box.exec(["start", "eater"]);
    await eventually(() =>
      /^init: {3}eater main process \(\d+\): out of memory \(the container's limit is 48 MiB\)$/m.test(
        box.stderr,
      ),
    );
    expect(await box.run("initctl explain eater")).toContain(
      "out of memory (the container's limit is 48 MiB)",
    );
    expect((await box.exec("initctl health")).stdout).toContain("out of memory");
  });
});
