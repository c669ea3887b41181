import { signalName } from "../runtime/signals.ts";
import type { Job } from "./job.ts";
import type { ProcessStatus } from "./messages.ts";
import { encodedStatus } from "./respawn.ts";

/** What became of a process, in Upstart's words (docs/upstart.md#44-process-ends): `terminated with status 1`. */
export function describeEnd(status: ProcessStatus): string {
  switch (status.type) {
    case "exited":
      return status.status === 0 ? "exited normally" : `terminated with status ${status.status}`;
    case "killed":
      return `killed by ${describeSignal(status.signal)}${status.detail === undefined ? "" : `: ${status.detail}`}`;
    case "stopped":
      return `stopped by ${describeSignal(status.signal)}`;
    case "continued":
      return "continued by CONT signal";
  }
}

function describeSignal(signal: number): string {
  const name = signalName(signal);
  return name === String(signal) ? `signal ${signal}` : `${name} signal`;
}

/** Whether the log should warn: a bad end that `normal exit` doesn't list, of whatever process. */
export function isUnexpected(job: Pick<Job, "jobClass">, status: ProcessStatus): boolean {
  const encoded = encodedStatus(status);
  return encoded !== 0 && !job.jobClass.normalExit.includes(encoded);
}
