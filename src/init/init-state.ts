import * as z from "zod/mini";
import { worldState } from "../jobs/snapshot.ts";
import { priorities } from "../log/priority.ts";

/**
 * What a re-exec hands to the new upinit, as JSON in a sealed memfd. A new version that can't take an old state says
 * so before anything is given up (`--check-state`), so the number only goes up when a reader really can't.
 */
export const stateVersion = 1;

const text = z.string();
const integer = z.int();
const flag = z.boolean();

const capture = z.object({
  name: text,
  className: text,
  instance: text,
  fd: integer,
  pid: integer,
  pty: flag,
  held: text,
  lineOpen: flag,
});

const outputs = z.object({
  captures: z.array(capture),
  jobs: z.array(
    z.object({
      name: text,
      path: text,
      ended: flag,
      tail: text,
      heldBack: integer,
    }),
  ),
  unflushed: z.array(z.object({ path: text, text })),
  diskWriteable: flag,
  standardOutput: z.optional(z.object({ pending: text, dropping: flag, dropped: integer })),
});

const awaited = z.union([
  z.object({ type: z.enum(["operation", "attempt"]) }),
  z.object({ type: z.literal("job"), job: text, instance: text }),
]);

const exchange = z.object({
  requests: z.array(z.unknown()),
  batch: flag,
  answers: z.array(text),
  next: integer,
  pending: z.nullable(z.object({ waiter: integer, awaited })),
});

const connection = z.object({
  fd: integer,
  partial: text,
  output: text,
  session: z.object({ lines: z.array(text), exchange: z.nullable(exchange), inputEnded: flag }),
});

const signalSet = z.tuple([integer, integer]);

/** CMD, which goes on as the child of the new upinit. */
const mainCommand = z.object({
  pid: integer,
  statusFd: integer,
  startedAt: z.number(),
  foregroundBefore: integer,
  inherited: z.object({ blocked: signalSet, ignored: signalSet }),
});

export const initState = z.object({
  version: z.literal(stateVersion),
  world: worldState,
  outputs,
  processes: z.object({
    notify: z.array(z.object({ job: integer, fd: integer, address: text })),
    follower: z.object({
      traced: z.array(
        z.object({
          pid: integer,
          job: integer,
          state: z.enum(["new", "new-child", "running", "released"]),
          forks: integer,
          parent: z._default(z.nullable(integer), null),
          heir: z._default(z.nullable(integer), null),
          later: z._default(z.array(integer), []),
        }),
      ),
      early: z.array(integer),
      descended: z.array(
        z.object({ pid: integer, job: integer, forks: integer, told: z._default(flag, false) }),
      ),
    }),
    adopted: z._default(z.array(z.object({ pid: integer, fd: integer })), []),
  }),
  server: z.nullable(z.object({ listenFd: integer, lastWaiter: integer, connections: z.array(connection) })),
  /** Who asked for the re-exec, and is told that it is done; -1 for nobody. */
  requester: integer,
  mainCommand: z.nullable(mainCommand),
  runlevel: z.nullable(z.object({ previous: text, current: text })),
  priority: z.enum(priorities),
  startedAt: z.number(),
  controlPath: z.nullable(text),
  umask: integer,
});
export type InitState = z.output<typeof initState>;
