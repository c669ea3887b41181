/**
 * `npm run demo`: the story of the Upstart tutorial, told by a real container. Builds upinit, boots it with the
 * tutorial's own job files, and shows what a person at its keyboard would see. Leaves nothing behind.
 *
 *   npm run demo               the whole story; exit status 0
 *   npm run demo -- --shell    boots, then hands the keyboard to you
 *
 * `UPINIT_BINARY` names an executable that is built already.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Container, container, eventually } from "../../test/container/fixture/index.ts";
import { chooseDriver } from "./driver.ts";
import { Story, say } from "./story.ts";

const home = import.meta.dirname;
const url = "http://127.0.0.1:8888/";

build();
const { driver, description, cleanUp } = await chooseDriver();
try {
  await using box = await container({ driver, jobs: jobs(), files: files() });
  await box.ready();
  say(`\nupinit is PID 1 of a container (${description}).`);
  if (process.argv.includes("--shell")) await play(box);
  else await tell(new Story(box), box);
} finally {
  await cleanUp();
}

function build(): void {
  if (process.env["UPINIT_BINARY"]) return;
  const { status } = spawnSync("npm", ["run", "--silent", "build", "--", "--fast"], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

function jobs(): Record<string, string> {
  const directory = join(home, "etc/init");
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  );
}

function files() {
  return {
    "/srv/nodetest.js": readFileSync(join(home, "srv/nodetest.js"), "utf8"),
    "/usr/bin/nodejs": { link: process.execPath },
    "/var/log": { directory: true },
  } as const;
}

async function play(box: Container): Promise<void> {
  say(`Try: initctl list · service nodetest status · initctl emit visit NAME=you · curl ${url}`);
  say("The end of this shell is the end of the container.\n");
  await box.shell();
  await box.stop();
}

async function tell(story: Story, box: Container): Promise<void> {
  story.chapter("The container has booted, and the jobs that wait for run level 2 are running");
  await eventually(() =>
    box.run("initctl list | grep -q 'nodetest start/running' && cat /var/log/testjob.log"),
  );
  await story.run("initctl version");
  await story.run("initctl list");
  await story.run("cat /var/log/testjob.log");

  story.chapter("Job files are checked before they are used");
  await story.run("init-checkconf /etc/init/testjob.conf");
  await story.run("init-checkconf /etc/init/nodetest.conf");

  story.chapter("A job started by hand adds its line");
  await story.run("service testjob start");
  await eventually(async () => (await box.run("cat /var/log/testjob.log")).split("\n").length === 2);
  await story.run("cat /var/log/testjob.log");

  story.chapter("The Node.js server is a job, and serves");
  await story.run("service nodetest status");
  await eventually(() => box.run(["nodejs", "-e", fetching()]));
  await story.run(["nodejs", "-e", fetching()], `fetch ${url}`);

  story.chapter("An event of our own starts a job, and is over when the job is");
  await story.run("initctl emit visit NAME=Ada");
  await eventually(() => box.stdout.includes("Good day"));
  story.hear(linesWith(box.stdout, "greeting"));

  story.chapter("Every state on the way, as the debug log tells it");
  await story.run("initctl log-priority debug");
  const before = box.stderr.length;
  await story.run("service nodetest restart");
  await eventually(() => box.stderr.slice(before).includes("from post-start to running"));
  story.hear(linesWith(box.stderr.slice(before), "nodetest"));
  await story.run("initctl log-priority message");

  story.chapter("The container is restarted: the file system stays, the jobs run again");
  await box.restart();
  await box.ready();
  await eventually(async () => (await box.run("cat /var/log/testjob.log")).split("\n").length === 3);
  await story.run("cat /var/log/testjob.log");
  await eventually(() => box.run(["nodejs", "-e", fetching()]));

  story.chapter("SIGTERM, as docker stop sends it: everything stops in order");
  const status = await box.stop();
  story.show("cat /var/log/nodetest.log", await box.read("/var/log/nodetest.log"));
  say(`\nPID 1 ended with status ${status}.`);
  if (status !== 0) process.exitCode = 1;
}

function fetching(): string {
  return `fetch("${url}").then((answer) => answer.text()).then(console.log)`;
}

function linesWith(text: string, word: string): string {
  return text
    .split("\n")
    .filter((line) => line.includes(word))
    .join("\n");
}
