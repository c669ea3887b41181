/**
 * The one entry of the executable: looks at the name it was called by, and loads what answers to that name. Nothing
 * else is loaded, and nothing is evaluated before it is needed.
 */
import { argv, getpid, readlink, writeText } from "upinit:native";
import { exitProcess } from "../src/runtime/node/exit.ts";

interface Command {
  main(argv: readonly string[]): number | Promise<number>;
}

/** What a name loads. Names of one command with several faces share a module. */
function commandNamed(name: string): (() => Promise<Command>) | null {
  switch (name) {
    case "initctl":
    case "start":
    case "stop":
    case "restart":
    case "reload":
    case "status":
    // Not installed, but they work when somebody links them, as they did.
    case "list":
    case "emit":
    case "usage":
    case "show-config":
    case "check-config":
    case "reload-configuration":
    case "log-priority":
    case "get-env":
    case "set-env":
    case "unset-env":
    case "list-env":
    case "reset-env":
    case "initctl2dot":
      return () => import("./initctl.ts");
    case "service":
      return () => import("./service.ts");
    case "upstart-job":
      return () => import("./upstart-job.ts");
    case "init-checkconf":
      return () => import("./init-checkconf.ts");
    case "telinit":
      return () => import("./telinit.ts");
    case "runlevel":
      return () => import("./runlevel.ts");
    case "shutdown":
      return () => import("./shutdown.ts");
    case "halt":
      return () => import("./halt.ts");
    case "poweroff":
      return () => import("./poweroff.ts");
    case "reboot":
      return () => import("./reboot.ts");
    default:
      return null;
  }
}

/** `init 3` typed by somebody who is not the kernel means telinit, as it always did. */
function isTelinit(name: string, args: readonly string[]): boolean {
  return name === "init" && getpid() !== 1 && args.length === 2 && /^[0-6sSqQuU]$/.test(args[1] ?? "");
}

/** The inits that upinit stands in for. */
function personality(name: string): (() => Promise<Command>) | null {
  switch (withoutVariant(name)) {
    case "tini":
    case "docker-init":
      return () => import("../src/shim/tini.ts");
    case "dumb-init":
      return () => import("../src/shim/dumb-init.ts");
    case "catatonit":
    case "podman-init":
      return () => import("../src/shim/catatonit.ts");
    default:
      return null;
  }
}

/** The program that a release file is: `tini-static-arm64` is tini, `dumb-init_1.2.5_x86_64` is dumb-init. */
function withoutVariant(name: string): string {
  return /^(tini|dumb-init|catatonit)[-_.]/.exec(name)?.[1] ?? name;
}

/** Called as an init script that became a job: by a link to upstart-job, or from where such scripts are. */
function isInitScript(path: string): boolean {
  if (/\/(init|rc.)\.d\/[^/]+$/.test(path)) return true;
  const target = readlink(path);
  return typeof target === "string" && /(^|\/)upstart-job$/.test(target);
}

function commandFor(name: string, args: readonly string[]): (() => Promise<Command>) | null {
  if (isTelinit(name, args)) return commandNamed("telinit");
  return commandNamed(isInitScript(args[0] ?? "") ? "upstart-job" : name) ?? personality(name);
}

/** upinit itself: CMD alone needs no more than the shim; for jobs that gives the process to the init room. */
async function runInit(args: readonly string[]): Promise<number> {
  const shim = await import("../src/shim/main.ts");
  return shim.main(args, {
    init: async (argv) => (await import("../src/init/main.ts")).main(argv),
    upgrade: async (handover) => (await import("../src/init/adopt.ts")).adopt(handover),
  });
}

async function main(args: readonly string[]): Promise<number> {
  const called = args[0] ?? "upinit";
  const name = called.slice(called.lastIndexOf("/") + 1);
  if (args[1] === "--version" && args.length === 2 && (name === "upinit" || name === "init")) {
    // Scripts look for Upstart in the answer of `init --version`.
    const { versionText } = await import("../src/shim/version.ts");
    writeText(1, `${name === "init" ? "init (upstart 1.13.2)\n" : ""}${versionText}`);
    return 0;
  }
  const load = name === "upinit" ? null : commandFor(name, args);
  return load === null ? runInit(args) : (await load()).main(args);
}

exitProcess(await main(argv()));
