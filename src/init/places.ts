import * as native from "upinit:native";
import { lookUp } from "../control/socket-path.ts";
import type { InitOptions } from "./options.ts";

const systemJobs = "/etc/init";
const systemLogs = "/var/log/upstart";

/**
 * The directories that hold job files, the first of a name winning (docs/upstart.md#26-files,
 * docs/upstart.md#86-session-init for a session).
 */
export function jobDirectories(options: InitOptions, environment: readonly string[]): readonly string[] {
  if (options.confdirs.length > 0) return options.confdirs;
  return options.session ? sessionJobDirectories(environment) : [systemJobs];
}

/** As the XDG base directory specification places them; without HOME only the shared ones are left. */
function sessionJobDirectories(environment: readonly string[]): string[] {
  const home = lookUp(environment, "HOME");
  const own = lookUp(environment, "XDG_CONFIG_HOME") ?? (home && `${home}/.config`);
  const shared = (lookUp(environment, "XDG_CONFIG_DIRS") ?? "/etc/xdg")
    .split(":")
    .filter((path) => path !== "");
  const directories = shared.map((path) => `${path}/upstart`);
  if (home !== undefined) directories.unshift(`${home}/.init`);
  if (own) directories.unshift(`${own}/upstart`);
  if (lookUp(environment, "UPSTART_NO_SYSTEM_USERCONFDIR") === undefined) {
    directories.push("/usr/share/upstart/sessions");
  }
  return directories;
}

/** Where the logs of jobs go; null: nowhere, since a session without HOME has no place for them. */
export function logDirectory(options: InitOptions, environment: readonly string[]): string | null {
  if (options.logdir !== null) return options.logdir;
  if (!options.session) return systemLogs;
  const home = lookUp(environment, "HOME");
  const cache = lookUp(environment, "XDG_CACHE_HOME") ?? (home && `${home}/.cache`);
  return cache ? `${cache}/upstart` : null;
}

/** Makes the directories of a session that Upstart made too; the system's are the image author's affair. */
export function makeSessionDirectories(options: InitOptions, environment: readonly string[]): void {
  const logs = logDirectory(options, environment);
  const [own] = jobDirectories(options, environment);
  for (const path of [logs, options.confdirs.length === 0 ? own : null]) if (path) makeDirectories(path);
}

const ownOnly = 0o700;

function makeDirectories(path: string): void {
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (parent !== "" && native.access(parent, 0) < 0) makeDirectories(parent);
  native.mkdir(path, ownOnly);
}
