/**
 * Entry of a program for test/native/processes.test.ts and output.test.ts: a very small init. Its argument is a
 * file that holds a scene as JSON; what the world would be told goes to standard error as JSON lines, between those of the log.
 */
import * as native from "upinit:native";
import { Job } from "../../../src/jobs/job.ts";
import type { JobClass, ProcessName } from "../../../src/jobs/job-class.ts";
import type { Message } from "../../../src/jobs/messages.ts";
import { Log } from "../../../src/log/log.ts";
import * as forkFollower from "../../../src/processes/fork-follower.ts";
import { Outputs } from "../../../src/processes/output.ts";
import { Processes } from "../../../src/processes/processes.ts";
import { Reactor } from "../../../src/runtime/reactor.ts";
import type { Scene } from "../scene.ts";

const plainClass: JobClass = {
  name: "job",
  path: "/etc/init/job.conf",
  description: null,
  author: null,
  version: null,
  usage: null,
  startOn: null,
  stopOn: null,
  manual: false,
  requires: [],
  after: [],
  replicas: null,
  schedules: [],
  scheduleJitter: null,
  ready: null,
  readyEvery: null,
  checks: [],
  checkEvery: 10,
  checkTimeout: 5,
  checkFailures: 3,
  checkAction: "restart",
  emits: [],
  processes: {},
  expect: "none",
  task: false,
  respawn: false,
  respawnLimit: { count: 10, interval: 5 },
  respawnBackoff: null,
  normalExit: [],
  instance: "",
  env: [],
  export: [],
  killSignal: 15,
  directories: [],
  hooksAsRoot: false,
  noNewPrivileges: false,
  capabilities: null,
  killMode: "group",
  startTimeout: null,
  stopTimeout: null,
  runTimeout: null,
  killTimeout: 5,
  reloadSignal: 1,
  console: null,
  logPty: false,
  umask: null,
  nice: null,
  oomScore: null,
  limits: new Map(),
  chroot: null,
  chdir: null,
  setuid: null,
  setgid: null,
  debug: false,
  apparmorLoad: null,
  apparmorSwitch: null,
  cgroups: [],
  watchdog: null,
  killLeftovers: false,
  shutdownOn: null,
};

const largestScene = 16 * 1024 * 1024;
const SIGCHLD = 17;
const SIGCONT = 18;

const scene = JSON.parse(String(native.readFile(native.argv()[1] ?? "", largestScene))) as Scene;
const reactor = new Reactor();
const log = new Log();
log.priority = "debug";
log.attach(reactor);
native.setSubreaper(true);
if (scene.umask !== undefined) native.umask(scene.umask);

const outputs = new Outputs(
  reactor,
  { directory: scene.logs ?? null, pty: scene.pty === true, overflow: scene.overflow ?? "wait" },
  log,
);
const owners = new Map<number, { job: Job; process: ProcessName }>();
let mailbox: Message[] = [];
let running = 0;

function tell(message: Message): void {
  mailbox.push(message);
}

function report(message: Message): void {
  // These lines wait for their reader, as the log must not.
  if (scene.chatter !== undefined) return;
  const { job, ...rest } = message as Message & { job?: Job };
  native.writeText(2, `${JSON.stringify(job === undefined ? rest : { job: job.jobClass.name, ...rest })}\n`);
}

/** What the world does with a message, as far as the scenes need it. */
function receive(message: Message): void {
  if (message.type === "process" && !owners.has(message.pid)) return;
  report(message);
  switch (message.type) {
    case "started":
      message.job.pids.set(message.process, message.pid);
      owners.set(message.pid, { job: message.job, process: message.process });
      break;
    case "withdrawn":
      owners.delete(message.job.pids.get(message.process) ?? 0);
      break;
    case "main-pid":
      owners.delete(message.job.pids.get("main") ?? 0);
      message.job.pids.set("main", message.pid);
      owners.set(message.pid, { job: message.job, process: "main" });
      break;
    case "process":
      if (message.status.type === "stopped") native.kill(message.pid, SIGCONT);
      if (message.status.type === "exited" || message.status.type === "killed") {
        forget(message.pid);
        running -= 1;
      }
      break;
    case "gone":
      if (owners.delete(message.pid)) running -= 1;
      break;
    case "spawn-failed":
      owners.delete(message.job.pids.get(message.process) ?? 0);
      running -= 1;
      break;
    case "ready":
      for (const signal of scene.killWhenReady ?? []) {
        native.kill(message.job.pids.get("main") ?? 0, signal);
      }
      break;
    default:
  }
}

/** As when an instance is gone. */
function forget(pid: number): void {
  const owner = owners.get(pid);
  if (owner !== undefined) processes.forget(owner.job);
  owners.delete(pid);
}

function settle(): void {
  while (mailbox.length > 0) {
    const messages = mailbox;
    mailbox = [];
    for (const message of messages) receive(message);
  }
}

const processes = new Processes(
  reactor,
  outputs,
  {
    defaultConsole: "log",
    noLog: false,
    lenient: scene.lenient === true,
    debug: false,
    defaultUmask: 0o022,
    defaultDirectory: "/",
    personal: null,
    follower: () => forkFollower,
    notifyDirectory: scene.notifyDirectory ?? null,
  },
  { log, tell, jobOfPid: (pid) => owners.get(pid), settle },
);

function finish(): void {
  outputs.flush();
  if (scene.tail !== undefined) {
    for (const line of outputs.lastLines(scene.tail, 5)) native.writeText(2, `tail: ${line}\n`);
  }
  log.flush(1000);
  reactor.stop(0);
}

reactor.onSignal(SIGCHLD, () => processes.reap());
reactor.onSignal(10, () => outputs.notifyDiskWriteable());
reactor.afterTurn(() => {
  settle();
  if (running === 0 && scene.lingerUntil === undefined) finish();
});

for (let line = 0; line < (scene.chatter ?? 0); line += 1) log.info(`line ${line} ${"x".repeat(80)}`);

scene.jobs.forEach((definition, id) => {
  const { exec, script, limits, instanceName, ...rest } = definition;
  const jobClass: JobClass = {
    ...plainClass,
    ...rest,
    limits: new Map(
      (limits ?? []).map(([name, soft, hard]) => [
        name,
        { soft: soft ?? Number.POSITIVE_INFINITY, hard: hard ?? Number.POSITIVE_INFINITY },
      ]),
    ),
    processes: { main: { script: script !== undefined, command: script ?? exec ?? "" } },
  };
  const job = new Job(id, jobClass, instanceName ?? "", null, 0);
  job.goal = "start";
  running += 1;
  if (scene.lingerUntil !== undefined) {
    const name = job.instance === "" ? jobClass.name : `${jobClass.name} (${job.instance})`;
    outputs.follow(name, (line) => {
      if (line === scene.lingerUntil) finish();
    });
  }
  const env = [
    ...(definition.env ?? []),
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `UPSTART_JOB=${jobClass.name}`,
    `UPSTART_INSTANCE=${job.instance}`,
  ];
  reactor.guard("launch", () => processes.launcher.launch(job, "main", env));
});
settle();
reactor.start();
