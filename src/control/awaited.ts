import type { Outcome } from "../jobs/messages.ts";
import { isOutdated } from "../jobs/renewal.ts";
import type { Call } from "./call.ts";
import { MethodError } from "./errors.ts";
import { noInstance, statusOf } from "./status.ts";

/**
 * What a request waits for that is answered by the outcome of an operation. Plain data, so that the client can go on
 * waiting over a re-exec.
 */
export type Awaited =
  /** An event, or whatever is answered with nothing. */
  | { readonly type: "operation" }
  /** The same, but that it failed is nobody's concern. */
  | { readonly type: "attempt" }
  /** A change of a job, which is answered with the job's status. */
  | { readonly type: "job"; readonly job: string; readonly instance: string };

/** The answer to a request whose operation is over. Throws a MethodError if it failed. */
export function answerAwaited(call: Call, awaited: Awaited, outcome: Outcome): void {
  if (!outcome.ok && awaited.type !== "attempt") {
    const { error, message, hint } = outcome;
    throw new MethodError(error, message, hint === undefined ? {} : { hint });
  }
  if (awaited.type !== "job") {
    call.reply(null);
    return;
  }
  // What was asked for may already be gone, and then it has no instance name (docs/upstart.md#93-waiting).
  const { world } = call.daemon;
  const entry = world.findClass(awaited.job);
  const job = entry?.instances.get(awaited.instance);
  const outdated = entry !== undefined && isOutdated(entry) ? { outdated: true as const } : {};
  call.reply(job === undefined ? noInstance(awaited.job) : { ...statusOf(job), ...outdated });
}
