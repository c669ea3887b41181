import type { Job } from "./job.ts";
import type { Probe } from "./job-class.ts";

/** One probe of a job that is up or on its way. Times are monotonic milliseconds. */
export interface ProbeState {
  readonly probe: Probe;
  readonly role: "ready" | "check";
  /** The try that runs; 0: none. */
  id: number;
  /** When the next try begins; null while one runs. */
  due: number | null;
  /** From the end of a try to the next. */
  pause: number;
  failures: number;
  result: "unknown" | "good" | "bad";
  /** What was seen last. */
  reason: string;
}

/** One that has not been tried yet. `pause` is in milliseconds. */
export function newProbeState(probe: Probe, role: ProbeState["role"], pause: number): ProbeState {
  return { probe, role, id: 0, due: 0, pause, failures: 0, result: "unknown", reason: "" };
}

/** The probe as its stanza has it: `tcp 8080`. */
export function probeText({ kind, text }: Probe): string {
  return kind === "script" ? "script" : `${kind} ${text}`;
}

/** The last reason why the job is not ready, with what is asked; "" where nothing is. */
export function unreadyText(job: Job): string {
  const state = job.probes?.find(({ role }) => role === "ready");
  if (state === undefined) return "";
  return `${probeText(state.probe)}: ${state.reason === "" ? "not tried yet" : state.reason}`;
}
