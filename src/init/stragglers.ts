import * as native from "upinit:native";
import { procShowsOurPids } from "../runtime/proc.ts";
import { signals } from "../runtime/signals.ts";

/** A process that is still there when all jobs have been stopped. */
export interface Straggler {
  readonly pid: number;
  readonly command: string;
}

const everybody = -1;
const probe = 0;

/**
 * Whether this process owns its pid namespace, and so may signal everybody in it. Anybody else may only reach its own
 * descendants: `kill(-1)` in a namespace shared with the host has killed hosts.
 */
export function ownsNamespace(): boolean {
  return native.getpid() === 1;
}

/** The processes that are left, as far as /proc tells; zombies don't count. */
export function findStragglers(): Straggler[] {
  const self = native.getpid();
  const table = readProcessTable();
  const mine = ownsNamespace() ? table : descendants(table, self);
  return mine
    .filter((entry) => entry.pid !== self && !entry.zombie)
    .map(({ pid, command }) => ({ pid, command }));
}

/** Whether no process is left to wait for. Without /proc the kernel still answers for a namespace of our own. */
export function allGone(): boolean {
  if (ownsNamespace() && native.kill(everybody, probe) < 0) return true;
  if (procShowsOurPids()) return findStragglers().length === 0;
  return (
    native.waitid(native.P_ALL, 0, native.WEXITED | native.WNOHANG | native.WNOWAIT, new Int32Array(3)) < 0
  );
}

/**
 * Sends a signal to everything that is left. `groups` are process groups known to be ours, the only reach that a
 * process without /proc and without a namespace of its own has.
 */
export function signalStragglers(signal: number, groups: Iterable<number>): void {
  // A stopped process acts on nothing but KILL until it is continued.
  const sent = signal === signals.SIGTERM ? [signal, signals.SIGCONT] : [signal];
  if (ownsNamespace()) {
    for (const each of sent) native.kill(everybody, each);
    return;
  }
  const stragglers = findStragglers();
  for (const each of sent) {
    for (const { pid } of stragglers) native.kill(pid, each);
    if (stragglers.length === 0) for (const group of groups) killGroup(group, each);
  }
}

/** Signals a process group, or the process alone if it leads none. */
export function killGroup(pid: number, signal: number): void {
  if (native.kill(-pid, signal) < 0) native.kill(pid, signal);
}

interface ProcessEntry extends Straggler {
  readonly parent: number;
  readonly zombie: boolean;
}

function readProcessTable(): ProcessEntry[] {
  const listing = native.readDirectory("/proc");
  if (typeof listing === "number" || !procShowsOurPids()) return [];
  return listing.names.flatMap((name) => readProcess(name));
}

/** Fields 2 to 4 of /proc/PID/stat, see proc(5); the command stands in parentheses and may hold some itself. */
function readProcess(name: string): ProcessEntry[] {
  const pid = Number(name);
  if (!Number.isInteger(pid)) return [];
  const stat = native.readPseudoFile(`/proc/${name}/stat`);
  if (typeof stat === "number") return [];
  const open = stat.indexOf("(");
  const close = stat.lastIndexOf(")");
  const [state, parent] = stat.slice(close + 2).split(" ");
  return [
    {
      pid,
      command: stat.slice(open + 1, close),
      parent: Number(parent),
      zombie: state === "Z" || state === "X",
    },
  ];
}

function descendants(table: readonly ProcessEntry[], root: number): ProcessEntry[] {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of table) {
    const siblings = children.get(entry.parent);
    if (siblings === undefined) children.set(entry.parent, [entry]);
    else siblings.push(entry);
  }
  const found: ProcessEntry[] = [];
  const queue = [root];
  for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
    for (const child of children.get(parent) ?? []) {
      found.push(child);
      queue.push(child.pid);
    }
  }
  return found;
}
