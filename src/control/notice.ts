import type { ProcessStatus, Trace } from "../jobs/messages.ts";
import { signalName } from "../runtime/signals.ts";
import type { WatchNotice } from "./answers.ts";

/** A trace as `watch` tells it; `at` is milliseconds since PID 1 began. */
export function noticeOf(trace: Trace, at: number): WatchNotice {
  if (trace.type === "event") {
    const { name: event, env, progress, failed } = trace;
    return { at, type: "event", event, env: [...env], progress, failed };
  }
  const job = { job: trace.job.jobClass.name, instance: trace.job.instance };
  if (trace.type === "process") {
    const { process, pid, status } = trace;
    return { at, type: "process", ...job, process, pid, ...(status === null ? {} : endOf(status)) };
  }
  return { at, type: trace.type, ...job, from: trace.from, to: trace.to };
}

/** How a process ended, with the signal by its name. */
export function endOf(status: ProcessStatus): { status?: number; signal?: string } {
  if (status.type === "exited") return { status: status.status };
  if (status.type === "continued") return { signal: "CONT" };
  return { signal: signalName(status.signal) };
}
