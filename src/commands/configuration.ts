import * as z from "zod/mini";
import { type JobConfiguration, jobConfiguration } from "../control/answers.ts";
import { unexpected } from "./answer.ts";
import type { Invocation } from "./command.ts";
import { ask } from "./connection.ts";

/** Fetches the configuration of all jobs, or of one. */
export function fetchConfiguration(call: Invocation, job?: string): JobConfiguration[] {
  const answer = z
    .array(jobConfiguration)
    .safeParse(ask(call, "show-config", job === undefined ? {} : { job }));
  if (!answer.success) throw unexpected("show-config");
  return answer.data;
}
