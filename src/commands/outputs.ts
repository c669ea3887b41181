/** What commands print with --json where that is not an answer of init as it came: worked out on this side. */
import * as z from "zod/mini";
import { answers, topJob, watchNotice } from "../control/answers.ts";

const checkConfig = z.array(
  z.object({
    job: z.string(),
    problems: z.array(
      z.object({ stanza: z.enum(["start on", "stop on"]), kind: z.enum(["job", "event"]), name: z.string() }),
    ),
  }),
);

const tree = z.array(
  z.object({
    job: z.string(),
    action: z.enum(["start", "stop"]),
    event: z.string(),
    from: z.array(z.string()),
    ofLife: z.boolean(),
  }),
);

const sessions = z.array(z.object({ pid: z.int(), address: z.string() }));

const top = z.array(z.object({ ...topJob.shape, cpu: z.number(), memory: z.number() }));

/** By command; the remaining commands print the answer of the method of their name. */
export const outputs = {
  ...answers,
  "check-config": checkConfig,
  tree,
  "list-sessions": sessions,
  top,
  /** One object a line. */
  watch: watchNotice,
};
