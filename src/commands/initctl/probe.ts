import * as native from "upinit:native";
import { type Attempt, attempt } from "../../probes/attempt.ts";
import { type ProbeKind, readTarget, type Target } from "../../probes/target.ts";
import { type Invocation, type SubCommand, UsageError } from "../command.ts";
import { printLine } from "../output.ts";

const kinds: ReadonlySet<string> = new Set<ProbeKind>(["tcp", "unix", "http", "file"]);
const defaultTimeout = 5;
/** Between two tries, in milliseconds. */
const pause = 100;
const longestPause = 1_000;

export const command: SubCommand = {
  name: "probe",
  group: "Observation",
  summary: "Try whether a service answers.",
  arguments: "tcp [HOST:]PORT | unix PATH | http URL | file PATH",
  options: [
    { long: "timeout", short: "t", value: "SECONDS", help: "how long one try may take (default 5)" },
    { long: "wait", short: "w", value: "SECONDS", help: "try again for so long; 0 tries once (default 0)" },
    { long: "quiet", short: "q", help: "say nothing" },
    { long: "for-init", help: "the reason alone; status 2 where this machine lacks something", hidden: true },
    { long: "since", value: "MILLISECONDS", help: "a file must have changed since then", hidden: true },
  ],
  description:
    "Needs no running init, and neither a shell nor curl. Prints one line, and exits with 0 or 1. URLs are http://HOST[:PORT]/PATH or unix:SOCKET:/PATH; a status of 200 to 399 is good. To wait without limit give a large number.",
  run(call) {
    const target = targetOf(call);
    const timeout = seconds(call, "timeout", defaultTimeout) * 1000;
    const wait = seconds(call, "wait", 0) * 1000;
    const since = seconds(call, "since", 0);
    const { ok, reason, lacking } = tryFor(target, timeout, wait, since);
    const isForInit = call.options.has("for-init");
    if (!call.options.has("quiet")) printLine(isForInit ? reason : `${call.args.join(" ")}: ${reason}`);
    if (ok) return 0;
    return isForInit && lacking === true ? 2 : 1;
  },
};

function targetOf({ args }: Invocation): Target {
  const [kind, text, surplus] = args;
  if (kind === undefined) throw new UsageError("missing kind of probe");
  if (!kinds.has(kind)) throw new UsageError(`unknown kind of probe: ${kind}`);
  if (text === undefined) throw new UsageError("missing address");
  if (surplus !== undefined) throw new UsageError(`unexpected argument: ${surplus}`);
  const target = readTarget(kind as ProbeKind, text);
  if (typeof target === "string") throw new UsageError(target);
  return target;
}

function seconds(call: Invocation, option: string, otherwise: number): number {
  const text = call.options.get(option);
  if (text === undefined) return otherwise;
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`illegal number of seconds: ${text}`);
  return Number(text);
}

function tryFor(target: Target, timeout: number, wait: number, since: number): Attempt {
  const end = native.monotonicTime() + wait;
  let next = pause;
  for (;;) {
    const result = attempt(target, timeout, since);
    const left = end - native.monotonicTime();
    if (result.ok || left <= 0) return result;
    native.sleep(Math.min(next, left));
    next = Math.min(next * 1.5, longestPause);
  }
}
