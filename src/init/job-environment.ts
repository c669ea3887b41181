import { getVariable } from "../events/environment.ts";

/** What PID 1 has for PATH when nobody gave it one (docs/upstart.md#32-variables-of-a-job, step 1). */
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin";

/** Variables that steer upinit or one of its jobs, and so belong to nobody else. */
const ownPrefixes = ["UPSTART_", "UPINIT_", "NOTIFY_SOCKET="];

/**
 * The environment that jobs start from. With `inherit` it is the container's (docs/differences.md), else Upstart's
 * bare one: PATH as init itself sets it, and TERM if there is one.
 */
export function defaultJobEnvironment(environment: readonly string[], inherit: boolean): string[] {
  if (inherit) {
    const kept = environment.filter((entry) => !ownPrefixes.some((prefix) => entry.startsWith(prefix)));
    return getVariable(kept, "PATH") === undefined ? [`PATH=${defaultPath}`, ...kept] : kept;
  }
  const term = getVariable(environment, "TERM");
  return term === undefined ? [`PATH=${defaultPath}`] : [`PATH=${defaultPath}`, `TERM=${term}`];
}
