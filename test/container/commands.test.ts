// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is for the shell
/** What an operator types, and what he is told: transcripts of the commands in a real container. */
import { describe, expect, test } from "vitest";
import { booted, type Container } from "./fixture/index.ts";

/** Standard output and, prefixed, standard error, and the exit status; process numbers become PID, times T. */
async function transcript(box: Container, ...commands: string[]): Promise<string> {
  const said: string[] = [];
  for (const command of commands) {
    const { stdout, stderr, status } = await box.exec(command);
    const errors = stderr === "" ? "" : stderr.replace(/^/gm, "2> ").replace(/2> $/, "");
    said.push(`$ ${command}\n${stdout}${errors}[${status}]\n`);
  }
  return said
    .join("")
    .replace(/process \(?\d+\)?/g, (text) => text.replace(/\d+/, "PID"))
    .replace(/\d+(\.\d+)? s ago/g, "T ago")
    .replace(/for \d+(\.\d+)? s\b/g, "for T");
}

describe("service", () => {
  const jobs = {
    "web.conf": "exec sleep 1000\n",
    "run.conf": "task\nexec true\n",
    "worker.conf": 'usage "N=number"\ninstance $N\nexec sleep 1000\n',
  };
  const script = '#!/bin/sh\n# start stop status\necho "old $*, HOME ${HOME-unset}"\nexit 7\n';

  test("drives jobs, with the exit codes of the Linux Standard Base for status", async () => {
    await using box = await booted({ jobs });
    expect(
      await transcript(
        box,
        "service web status",
        "service web start",
        "service web status",
        "service web start",
        "service web stop",
        "service web stop",
        "service web reload",
        "service web restart",
        "service web restart",
        "service run start",
        "service worker start",
        "service worker start N=1",
        "service worker status N=1",
        "service worker status N=2",
        "service nope status",
        "service nope start",
        "service web frobnicate",
        "service",
      ),
    ).toBe(`$ service web status
web stop/waiting
[3]
$ service web start
web start/running, process PID
[0]
$ service web status
web start/running, process PID
[0]
$ service web start
2> start: Job is already running: web
[1]
$ service web stop
web stop/waiting
[0]
$ service web stop
2> stop: Unknown instance: 
[1]
$ service web reload
2> reload: Unknown instance: 
[1]
$ service web restart
web start/running, process PID
[0]
$ service web restart
web stop/waiting
web start/running, process PID
[0]
$ service run start
run stop/waiting
[0]
$ service worker start
2> start: Unknown parameter: N
2> Usage: N=number
[1]
$ service worker start N=1
worker (1) start/running, process PID
[0]
$ service worker status N=1
worker (1) start/running, process PID
[0]
$ service worker status N=2
worker stop/waiting
[3]
$ service nope status
2> service: Unknown job: nope (unrecognized service)
[4]
$ service nope start
2> service: Unknown job: nope (unrecognized service)
[1]
$ service web frobnicate
2> service: The command frobnicate is not supported for Upstart jobs
[1]
$ service
2> service: Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]
[1]
`);
  });

  test("falls back to init scripts, which keep their own exit status and a clean environment", async () => {
    await using box = await booted({
      jobs: { "web.conf": "exec sleep 1000\n" },
      files: {
        "/etc/init.d/old": { content: script, mode: 0o755 },
        "/etc/init.d/web": { content: script, mode: 0o755 },
        "/etc/init.d/mute": { content: "#!/bin/sh\n", mode: 0o755 },
      },
    });
    await box.run("rm -f /usr/sbin/service.distrib /sbin/service.distrib");
    expect(
      await transcript(box, "service old start now", "service ../init.d/old start", "service web status"),
    ).toBe(
      `$ service old start now
old start now, HOME unset
[7]
$ service ../init.d/old start
2> service: Unknown job: ../init.d/old (unrecognized service)
[1]
$ service web status
web stop/waiting
[3]
`,
    );
    const all = (await box.run("service --status-all")).split("\n");
    expect(all).toEqual(expect.arrayContaining([" [ ? ]  mute", " [ - ]  old", " [ - ]  web"]));
  });
});

describe("names of Upstart's packages", () => {
  test("/lib/init/upstart-job is where init scripts lead that became jobs", async () => {
    await using box = await booted({
      jobs: { "web.conf": "start on never\nexec sleep 1000\n", "idle.conf": "manual\nexec sleep 1000\n" },
    });
    await box.run(
      "/sbin/upinit --install /sbin; mkdir -p /etc/init.d; ln -s /lib/init/upstart-job /etc/init.d/web",
    );
    await box.run("mkdir -p /etc/rc2.d; ln -s ../init.d/web /etc/rc2.d/S20web");
    const said = await transcript(
      box,
      "/etc/init.d/web stop",
      "/etc/init.d/web start | sed 's/[0-9]*$/PID/'",
      "/etc/init.d/web start",
      "/etc/rc2.d/S20web status | sed 's/[0-9]*$/PID/'",
      "service web stop",
      "/lib/init/upstart-job web status",
      "/lib/init/upstart-job idle start",
      "/etc/init.d/web",
      "/etc/init.d/web frobnicate",
      "rm /etc/init/web.conf; initctl reload-configuration; service web status",
    );
    expect(said).toBe(`$ /etc/init.d/web stop
[0]
$ /etc/init.d/web start | sed 's/[0-9]*$/PID/'
web start/running, process PID
[0]
$ /etc/init.d/web start
[0]
$ /etc/rc2.d/S20web status | sed 's/[0-9]*$/PID/'
web start/running, process PID
[0]
$ service web stop
web stop/waiting
[0]
$ /lib/init/upstart-job web status
web stop/waiting
[3]
$ /lib/init/upstart-job idle start
[0]
$ /etc/init.d/web
2> upstart-job: Usage: /etc/init.d/web COMMAND
[1]
$ /etc/init.d/web frobnicate
2> upstart-job: The command frobnicate is not supported for Upstart jobs
[1]
$ rm /etc/init/web.conf; initctl reload-configuration; service web status
2> service: Unknown job: web (unrecognized service)
[4]
`);
  });

  test("initctl2dot draws", async () => {
    await using box = await booted({ jobs: { "web.conf": "start on db-up\nexec sleep 1000\n" } });
    expect(await box.run("initctl2dot")).toBe(await box.run("initctl graph --dot"));
  });
});

describe("run levels", () => {
  test("are remembered by init", async () => {
    await using box = await booted({
      jobs: {
        "rc.conf":
          "start on runlevel\nexec sh -c 'echo \"$PREVLEVEL $RUNLEVEL $A\" >> /tmp/log; sleep 1000'\n",
      },
    });
    expect(
      await transcript(
        box,
        "runlevel",
        "telinit -e A=x 3; runlevel",
        "RUNLEVEL=5 PREVLEVEL=7 runlevel",
        "RUNLEVEL=5 telinit 4; runlevel",
        "telinit X",
        "telinit",
        "init 2; runlevel",
      ),
    ).toBe(`$ runlevel
N 2
[0]
$ telinit -e A=x 3; runlevel
2 3
[0]
$ RUNLEVEL=5 PREVLEVEL=7 runlevel
7 5
[0]
$ RUNLEVEL=5 telinit 4; runlevel
5 4
[0]
$ telinit X
2> telinit: illegal runlevel: X
2> Try \`telinit --help' for more information.
[1]
$ telinit
2> telinit: missing runlevel
2> Try \`telinit --help' for more information.
[1]
$ init 2; runlevel
4 2
[0]
`);
  });

  test("a shutdown counts down, can be cancelled, and is alone", async () => {
    await using box = await booted();
    expect(
      await transcript(
        box,
        "shutdown",
        "shutdown -c",
        "shutdown 99:00",
        "shutdown -k now",
        "(shutdown -r +5 hello > /tmp/out 2>&1; echo $? >> /tmp/out) & until test -s /run/shutdown.pid; do sleep 0.01; done; shutdown +3; shutdown -c; wait; cat /tmp/out; ls /run/shutdown.pid",
      ),
    ).toBe(`$ shutdown
2> shutdown: time expected
2> Try \`shutdown --help' for more information.
[1]
$ shutdown -c
2> shutdown: Cannot find pid of running shutdown
[1]
$ shutdown 99:00
2> shutdown: illegal hour value
2> Try \`shutdown --help' for more information.
[1]
$ shutdown -k now
[0]
$ (shutdown -r +5 hello > /tmp/out 2>&1; echo $? >> /tmp/out) & until test -s /run/shutdown.pid; do sleep 0.01; done; shutdown +3; shutdown -c; wait; cat /tmp/out; ls /run/shutdown.pid
shutdown: Shutdown cancelled
0
2> shutdown: Another shutdown is already running
2> ls: cannot access '/run/shutdown.pid': No such file or directory
[2]
`);
  });

  test.each([
    ["poweroff", "0 INIT_HALT=POWEROFF"],
    ["halt", "0 INIT_HALT=HALT"],
    ["reboot", "6 INIT_HALT="],
    ["shutdown now", "0 INIT_HALT="],
    ["shutdown -r now", "6 INIT_HALT="],
    ["telinit 6", "6 INIT_HALT="],
  ])("%s is answered, and stops the container", async (command, level) => {
    await using box = await booted({
      jobs: {
        "last.conf":
          "start on runlevel [06]\ntask\nexec sh -c 'echo $RUNLEVEL INIT_HALT=$INIT_HALT > /tmp/level'\n",
      },
    });
    expect(await box.exec(command)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(await box.wait()).toBe(0);
    expect(await box.read("/tmp/level")).toBe(`${level}\n`);
  });
});

describe("a job that does not run", () => {
  const jobs = {
    "patient.conf": 'description "Waits"\nstart on started db and net-up IFACE=eth0\nexec sleep 1000\n',
    "db.conf": "start on startup\nexec sleep 1000\n",
    "flap.conf":
      "start on startup\nrespawn\nrespawn limit 2 5\nexec sh -c 'echo dying; exit 3'\nemits net-*\n",
    "broken.conf": "pre-start exec sh -c 'echo no configuration; exit 2'\nexec sleep 1000\n",
  };

  test("is explained by every command that can", async () => {
    await using box = await booted({ jobs });
    await box.run("until initctl explain flap | grep -q limit; do sleep 0.05; done");
    await box.run("until initctl log flap | grep -q dying; do sleep 0.05; done");
    expect(
      await transcript(
        box,
        "initctl explain patient",
        "initctl explain flap | grep -e run -e terminated | tail -n 2",
        "start broken",
        "until initctl log broken | grep .; do sleep 0.05; done",
        "initctl explain broken",
        "initctl health",
        "initctl health --require db",
        "initctl health --require patient",
        "initctl wait patient --timeout 0.2",
        "initctl wait db --timeout 5",
        "initctl emit --dry-run net-up IFACE=eth0",
        "initctl emit --dry-run net-up IFACE=eth1",
        "initctl log flap -n 1",
        "initctl tree",
        "initctl check-config",
        "initctl explain nope",
      ),
    ).toBe(`$ initctl explain patient
patient  /etc/init/patient.conf
  Waits

  It does not run: it waits for net-up IFACE=eth0.

  start on
    all of
      [x] started db
      [ ] net-up IFACE=eth0  (from flap)
[0]
$ initctl explain flap | grep -e run -e terminated | tail -n 2
    main process (PID) terminated with status 3, T ago
    main process (PID) terminated with status 3, T ago
[0]
$ start broken
2> start: Job failed to start
2>   broken pre-start process terminated with status 2; \`initctl explain broken' tells more
[1]
$ until initctl log broken | grep .; do sleep 0.05; done
no configuration
[0]
$ initctl explain broken
broken  /etc/init/broken.conf

  It does not run: its pre-start process terminated with status 2, T ago.

  last ends of processes
    pre-start process (PID) terminated with status 2, T ago

  last output
    | no configuration
[0]
$ initctl health
broken failed: pre-start process: status 2
flap failed: respawn limit, last status 3
[1]
$ initctl health --require db
db running
[0]
$ initctl health --require patient
patient is stop/waiting
[1]
$ initctl wait patient --timeout 0.2
2> initctl: Timed out waiting for patient to be running: it is stop/waiting
[124]
$ initctl wait db --timeout 5
db start/running, process PID
[0]
$ initctl emit --dry-run net-up IFACE=eth0
start patient
[0]
$ initctl emit --dry-run net-up IFACE=eth1
No job starts or stops on net-up.
[0]
$ initctl log flap -n 1
dying
[0]
$ initctl tree
startup
|- db
|  \`- started db
|     \`- patient
\`- flap
   \`- net-up IFACE=eth0
      \`- patient ...
(by hand)
\`- broken
[0]
$ initctl check-config
[0]
$ initctl explain nope
2> initctl: Unknown job: nope
[1]
`);
  });

  test("is seen by a watcher, and in the chart of the boot", async () => {
    await using box = await booted({ jobs });
    await box.run(
      "(timeout 20 initctl watch broken > /tmp/watch 2>&1) & sleep 0.3; start broken || true; sleep 0.3",
    );
    await box.run("until grep -q 'post-stop -> waiting' /tmp/watch; do sleep 0.05; done");
    const seen = (await box.run("cat /tmp/watch"))
      .replace(/^ *[\d.]+ {2}/gm, "")
      .replace(/\(\d+\)/g, "(PID)");
    expect(seen.split("\n")).toEqual(
      expect.arrayContaining([
        "broken goal stop -> start",
        "broken waiting -> starting",
        "broken pre-start process (PID) started",
        "broken pre-start process (PID) terminated with status 2",
        "broken goal start -> stop",
        "broken post-stop -> waiting",
      ]),
    );
    expect(await box.run("initctl boot")).toMatch(/^db +\d\.\d{3} s +[.+-]*\|=*$/m);
    expect(await box.run("initctl boot --all")).toContain("broken");
    expect(await box.exec("initctl boot --until nothing")).toMatchObject({ status: 1 });
    expect(await box.run("initctl boot --svg -")).toMatch(/^<svg [\s\S]*<title>db: running/);
    expect(await box.run("initctl top")).toMatch(
      /^db +start\/running +[\d.]+ s +0 +\d+\.\d +[\d.]+ [KM] +\d+$/m,
    );
  });
});

test("completion knows sub-commands, options and the jobs that are there", async () => {
  await using box = await booted({ jobs: { "web.conf": "exec sleep 1\n", "wide.conf": "exec sleep 1\n" } });
  const complete = (words: string, count: number, handler: string) =>
    `bash -c 'source <(initctl completion bash); COMP_WORDS=(${words}); COMP_CWORD=${count}; ${handler}; echo "\${COMPREPLY[@]}"'`;
  expect(await box.run(complete("initctl sta", 1, "_upinit_initctl"))).toBe("start status");
  expect(await box.run(complete("initctl start w", 2, "_upinit_initctl"))).toBe("web wide");
  expect(await box.run(complete("initctl emit --dr", 2, "_upinit_initctl"))).toBe("--dry-run");
  expect(await box.run(complete("start we", 1, "_upinit_job"))).toBe("web");
  expect(await box.run(complete("service web re", 2, "_upinit_service"))).toBe("restart reload");
});

test("a mistyped command is told in Upstart's words, and then which is nearest", async () => {
  await using box = await booted();
  expect(
    await transcript(box, "initctl strat x", "initctl", "initctl start --bad", "initctl --dest"),
  ).toBe(`$ initctl strat x
2> initctl: invalid command: strat
2> Try \`initctl --help' for more information.
2> (Did you mean start?)
[1]
$ initctl
2> initctl: missing command
2> Try \`initctl --help' for more information.
[1]
$ initctl start --bad
2> initctl: invalid option: --bad
2> Try \`initctl --help' for more information.
[1]
$ initctl --dest
2> initctl: missing argument: --dest
2> Try \`initctl --help' for more information.
[1]
`);
});

test("without an init there is one clear line", async () => {
  await using box = await booted();
  expect(
    await transcript(
      box,
      "initctl --socket /nope list",
      "UPINIT_SOCKET=@nope service web status",
      "initctl --user list",
    ),
  ).toBe(
    `$ initctl --socket /nope list
2> initctl: Unable to connect to Upstart: Failed to connect to socket /nope: No such file or directory
[1]
$ UPINIT_SOCKET=@nope service web status
2> service: Unable to connect to Upstart: Failed to connect to socket @nope: Connection refused
[4]
$ initctl --user list
2> initctl: UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.
[1]
`,
  );
});
