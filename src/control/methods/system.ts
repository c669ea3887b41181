import { type LogPriority, priorities } from "../../log/priority.ts";
import type { RunlevelAnswer, Version } from "../answers.ts";
import { type Call, later } from "../call.ts";
import { MethodError } from "../errors.ts";
import type { Parameters } from "../protocol.ts";

/** What scripts look for in `initctl version`. */
const upstartVersion = "init (upstart 1.13.2)";
/** Goes up when an older client could misunderstand an answer. */
const protocol = 1;

export function version({ daemon, desk }: Call): Version {
  return {
    version: upstartVersion,
    upinit: daemon.version,
    protocol,
    pid: desk.pid,
    user: daemon.userMode,
    uptime: Math.round(daemon.now() - daemon.startedAt),
  };
}

export function logPriority({ daemon }: Call, params: Parameters["log-priority"]): { priority: string } {
  const wanted = params?.priority;
  if (wanted !== undefined) {
    if (!isPriority(wanted)) {
      throw new MethodError("InvalidArgs", "The log priority given was not recognised");
    }
    daemon.setLogPriority(wanted);
  }
  return { priority: daemon.logPriority() };
}

function isPriority(text: string): text is LogPriority {
  return (priorities as readonly string[]).includes(text);
}

export function reloadConfiguration({ daemon }: Call): null {
  daemon.reloadConfiguration();
  daemon.settle();
  return null;
}

export function notifyDiskWriteable({ daemon }: Call): null {
  daemon.notifyDiskWriteable();
  return null;
}

/** There is no D-Bus here; a session init takes the address and makes nothing of it. */
export function notifyDbusAddress({ daemon }: Call): null {
  if (!daemon.userMode) {
    throw new MethodError("PermissionDenied", "Not permissible to notify D-Bus address for PID 1");
  }
  return null;
}

/** Cgroup stanzas have no effect, so neither has the manager's address. */
export function notifyCgroupManagerAddress(): null {
  return null;
}

export function runlevel({ daemon }: Call): RunlevelAnswer {
  const record = daemon.runlevel();
  return { previous: record?.previous ?? "N", current: record?.current ?? null };
}

/**
 * How long `telinit` is kept waiting for what its event starts. Upstart's did not wait, but took its time: scripts
 * count on a short task being over when they ask for the next level.
 */
const takeUp = 100;

/**
 * `telinit`: an event that is not waited for to its end, and for the levels 0 and 6 the stop (docs/design.md#10-stop).
 */
export function changeRunlevel(call: Call, params: Parameters["change-runlevel"]): unknown {
  const { daemon } = call;
  const { level, env = [], previous } = params;
  if (level === "0" || level === "6") {
    daemon.stop({ runlevel: level, env, ...(previous === undefined ? {} : { previous }) });
    daemon.settle();
    return null;
  }
  const waiter = call.waiter();
  call.awaits({ type: "attempt" });
  daemon.changeRunlevel(level, env, previous, waiter);
  call.desk.after(takeUp, () => {
    if (!call.open) return;
    call.desk.abandon(waiter);
    call.reply(null);
  });
  daemon.settle();
  return later;
}

export function shutdown({ daemon }: Call, params: Parameters["shutdown"]): null {
  const { reboot = false, env = [], previous, force = false } = params;
  daemon.stop({ runlevel: reboot ? "6" : "0", env, force, ...(previous === undefined ? {} : { previous }) });
  daemon.settle();
  return null;
}

/** Answered by the upinit that took over, or by this one if none could. */
export function reexec(call: Call): typeof later {
  const waiter = call.waiter();
  const reason = call.daemon.reexec(waiter);
  if (reason === null) return later;
  throw new MethodError("Internal", reason);
}
