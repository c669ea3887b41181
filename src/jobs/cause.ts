/** Why a job was started or stopped: kept with the instance and its class, shown by the commands and the log. */
import type { FailureReason } from "./job.ts";

export type Cause =
  /** A client asked. `command` is what it asked for (`restart`), `client` its command line, "" if that is not known. */
  | {
      readonly type: "hand";
      readonly command: string;
      readonly uid: number;
      readonly pid: number;
      readonly client: string;
    }
  /** `start on` or `stop on` came true; `job` is the job that the last event tells of, null for others. */
  | { readonly type: "event"; readonly events: readonly string[]; readonly job: string | null }
  /** A process of the job itself asked. */
  | { readonly type: "itself" }
  | { readonly type: "respawn" }
  /** The main process ended, or a process could not be started. */
  | { readonly type: "end" }
  | { readonly type: "timeout"; readonly reason: FailureReason }
  /** A job that requires it was started. */
  | { readonly type: "required"; readonly by: string }
  /** A job that it requires went away; `job` is "" where it could never have started. */
  | { readonly type: "requires"; readonly job: string; readonly why: string }
  /** A job that it requires is back, or there for the first time. */
  | { readonly type: "back"; readonly job: string; readonly first: boolean }
  /** It was due; `time` is when. */
  | { readonly type: "schedule"; readonly time: string }
  /** A check of it failed. */
  | { readonly type: "check"; readonly why: string }
  /** Its file has another number of replicas. */
  | { readonly type: "file" }
  /** The container stops. */
  | { readonly type: "shutdown" };

/**
 * The cause in words that follow "started" or "stopped". Who asked by hand is told only with `details`: a command line can
 * hold a secret.
 */
export function causeText(cause: Cause, details: boolean): string {
  switch (cause.type) {
    case "hand": {
      if (!details) return `by hand (${cause.command})`;
      const client = cause.client === "" ? "" : `: ${cause.client}`;
      return `by hand (${cause.command}, uid ${cause.uid}, pid ${cause.pid}${client})`;
    }
    case "event": {
      const names = cause.events.join(", ");
      return `by ${cause.events.length === 1 ? "event" : "events"} ${names}${cause.job === null ? "" : ` of ${cause.job}`}`;
    }
    case "itself":
      return "by its own process";
    case "respawn":
      return "by its respawn";
    case "end":
      return "by its own end";
    case "timeout":
      return `by its ${cause.reason}`;
    case "required":
      return `by ${cause.by}, which requires it`;
    case "requires":
      return cause.job === ""
        ? `since ${cause.why}`
        : `since it requires ${cause.job}, which went away (${cause.why})`;
    case "back":
      return `since ${cause.job} is ${cause.first ? "there" : "back"}`;
    case "schedule":
      return `by its schedule (${cause.time})`;
    case "check":
      return `by its ${cause.why}`;
    case "file":
      return "by its file (replicas)";
    case "shutdown":
      return "by the stop of the container";
  }
}
