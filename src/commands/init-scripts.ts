import * as native from "upinit:native";
import { lookUp } from "../control/socket-path.ts";
import { EINTR } from "../runtime/errno.ts";
import { CommandError } from "./command.ts";

const directory = "/etc/init.d";
/** What `upinit --install` left of the distribution's own command. */
const distributionServices = ["/usr/sbin/service.distrib", "/sbin/service.distrib"];
const executable = 1;

/** Whether somebody else knows this service: an init script, or the distribution's own `service`. */
export function hasFallback(name: string): boolean {
  return scriptOf(name) !== null;
}

/** The script of a service; null if there is none that can be executed. A name is never a path. */
function scriptOf(name: string): string | null {
  if (name === "" || name.startsWith(".") || name.includes("/")) return null;
  const path = `${directory}/${name}`;
  return native.access(path, executable) >= 0 && !isJob(path) ? path : null;
}

/** A script that became a job would lead back to upinit. */
function isJob(path: string): boolean {
  const target = native.readlink(path);
  return typeof target === "string" && target.endsWith("upstart-job");
}

/** Runs the init script, by way of the distribution's `service` if that was kept; returns its exit status. */
export function runFallback(name: string, args: readonly string[]): number {
  const keeper = distributionServices.find((path) => native.access(path, executable) >= 0);
  if (keeper !== undefined) return runProcess([keeper, name, ...args], native.environment(), false);
  const script = scriptOf(name);
  if (script === null) throw new CommandError(`Unknown job: ${name} (unrecognized service)`);
  return runProcess([script, ...args], cleanEnvironment(), false);
}

/** Scripts are run with a clean environment, as at boot. */
function cleanEnvironment(): string[] {
  const environment = native.environment();
  return ["LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "PATH", "TERM"].flatMap((key) => {
    const value = lookUp(environment, key);
    return value === undefined ? [] : [`${key}=${value}`];
  });
}

/** All init scripts, sorted. */
export function findScripts(): string[] {
  const entries = native.readDirectory(directory);
  if (typeof entries === "number") return [];
  return entries.names.filter((name) => name !== "README" && name !== "skeleton" && scriptOf(name) !== null);
}

/** `+` runs, `-` doesn't, `?` can't tell. */
export function scriptStatus(name: string): string {
  const path = `${directory}/${name}`;
  const text = native.readFile(path, 1 << 20);
  if (typeof text === "number" || !text.includes("status")) return "?";
  return runProcess([path, "status"], cleanEnvironment(), true) === 0 ? "+" : "-";
}

/** Runs a program to its end; returns its exit status, 128+n for a signal. Throws CommandError. */
function runProcess(argv: readonly string[], env: readonly string[], silent: boolean): number {
  const file = argv[0] as string;
  const null_ = "/dev/null";
  const plan: native.SpawnPlan = {
    file,
    argv,
    env,
    shellFallback: true,
    descriptors: silent
      ? []
      : [
          [0, 0],
          [1, 1],
          [2, 2],
        ],
    ...(silent
      ? {
          open: [
            [0, null_, native.O_RDONLY],
            [1, null_, native.O_WRONLY],
            [2, null_, native.O_WRONLY],
          ] as const,
        }
      : {}),
  };
  const spawned = native.spawn(plan);
  if (typeof spawned === "number")
    throw new CommandError(`Unable to run ${file}: ${native.errorText(-spawned)}`);
  const [pid, statusFd] = spawned;
  const end = new Int32Array(3);
  while (native.waitid(native.P_PID, pid, native.WEXITED, end) === -EINTR);
  const failure = native.readSpawnFailure(statusFd);
  native.close(statusFd);
  if (failure !== null && failure !== true) {
    throw new CommandError(`Unable to run ${file}: ${native.errorText(failure[1])}`);
  }
  return end[1] === native.CLD_EXITED ? (end[2] as number) : 128 + (end[2] as number);
}
