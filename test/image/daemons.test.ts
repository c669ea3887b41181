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
    stanzas: fork("memcached -d -u nobody -s /tmp/memcached.sock"),
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

async function machine(jobs: Readonly<Record<string, string>>, wrapped: boolean): Promise<Container> {
  const denyPtrace = compileTool("deny-ptrace", directory, "-static");
  return booted({
    driver: "docker",
    image: { docker: await debianServices() },
    jobs: Object.fromEntries(Object.entries(jobs).map(([name, text]) => [`${name}.conf`, text])),
    files: { ...upinit, "/deny-ptrace": { copy: denyPtrace, mode: 0o755 }, "/tmp/haproxy.cfg": haproxy },
    entrypoint: wrapped ? ["/deny-ptrace", "/sbin/upinit"] : ["/sbin/upinit"],
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
});
