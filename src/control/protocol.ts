/**
 * The requests of the control protocol: one schema of parameters for each method. Documented in docs/protocol.md.
 * Unknown members of `params` are an error: a misspelt `waitt` must not be taken for its absence.
 */
import * as z from "zod/mini";

// No code is made at run time: it would cost more memory than it saves time.
z.config({ jitless: true });

/** Text without NUL: nothing that goes into an environment, an argument or a path can hold one. */
const text = z.string().check(z.refine((value) => !value.includes("\0"), "must not hold a NUL byte"));
const variables = z.optional(z.array(text));
const optionalText = z.optional(text);
const flag = z.optional(z.boolean());

/**
 * A job and the variables that choose or make its instance; or, as a process inside a job names its own instance,
 * the instance by its exact name (docs/upstart.md#92-commands), and then start, stop and restart never wait. `outside`:
 * who names it so is none of its processes.
 */
const job = { job: text, env: variables, instance: optionalText, outside: flag };
const waiting = { ...job, wait: flag };

const none = () => z.optional(z.strictObject({}));
/** The table of variables that is meant: the instance's, or (without `job`) the one every job starts with. */
const table = { job: optionalText, instance: optionalText };

/** What `wait` can wait for beside the names of the states. */
export const waitStates = [
  "waiting",
  "starting",
  "security",
  "pre-start",
  "spawned",
  "post-start",
  "running",
  "pre-stop",
  "stopping",
  "killed",
  "post-stop",
  "stopped",
  "settled",
] as const;

const seconds = z.optional(z.number().check(z.nonnegative(), z.maximum(1_000_000)));

/** Made when a method is first asked for: each schema weighs kilobytes, and PID 1 is asked for few of them. */
const parameters = {
  version: none,
  list: none,
  overview: none,
  status: () => z.strictObject(job),
  usage: () => z.strictObject(job),
  "show-config": () => z.optional(z.strictObject({ job: optionalText })),
  health: () => z.optional(z.strictObject({ require: z.optional(z.array(text)) })),
  wait: () =>
    z.strictObject({
      ...job,
      for: z.optional(z.enum(waitStates)),
      timeout: seconds,
    }),
  "log-priority": () => z.optional(z.strictObject({ priority: z.optional(z.string()) })),

  start: () => z.strictObject(waiting),
  stop: () => z.strictObject({ ...waiting, force: flag }),
  restart: () => z.strictObject(waiting),
  scale: () =>
    z.strictObject({ job: text, count: z.nullable(z.int().check(z.minimum(1), z.maximum(1_000))) }),
  roll: () => z.strictObject({ job: text }),
  dependents: () => z.strictObject({ job: text }),
  reload: () => z.strictObject(job),
  signal: () =>
    z.strictObject({
      job: text,
      env: variables,
      signal: z.int().check(z.minimum(1), z.maximum(64)),
      group: flag,
    }),
  emit: () => z.strictObject({ event: text, env: variables, wait: flag }),
  preview: () => z.strictObject({ event: text, env: variables }),
  "reload-configuration": none,
  surroundings: () => z.strictObject({ job: text, env: variables }),
  update: () => z.optional(z.strictObject({ jobs: z.optional(z.array(text)) })),
  "get-env": () => z.strictObject({ ...table, variable: text }),
  "list-env": () => z.optional(z.strictObject(table)),
  "set-env": () => z.strictObject({ ...table, entries: z.array(text), retain: flag }),
  "unset-env": () => z.strictObject({ ...table, variables: z.array(text) }),
  "reset-env": () => z.optional(z.strictObject(table)),
  "notify-disk-writeable": none,
  "notify-dbus-address": () => z.strictObject({ address: text }),
  "notify-cgroup-manager-address": () => z.strictObject({ address: text }),
  "reset-failed": () => z.optional(z.strictObject({ job: optionalText })),
  explain: () => z.strictObject(job),
  log: () =>
    z.strictObject({
      ...job,
      lines: z.optional(z.int().check(z.nonnegative(), z.maximum(10_000))),
      follow: flag,
    }),
  watch: () => z.optional(z.strictObject({ job: optionalText })),
  boot: none,
  "wait-boot": () => z.optional(z.strictObject({ timeout: seconds })),
  top: none,
  runlevel: none,
  "change-runlevel": () =>
    z.strictObject({
      level: z.string().check(z.regex(/^[0-6S]$/, "must be one of 0123456S")),
      env: variables,
      previous: z.optional(z.string().check(z.maxLength(1))),
    }),
  shutdown: () =>
    z.strictObject({
      reboot: flag,
      env: variables,
      previous: z.optional(z.string().check(z.maxLength(1))),
      force: flag,
    }),
  reexec: none,
};

export type Parameters = {
  [Name in keyof typeof parameters]: z.output<ReturnType<(typeof parameters)[Name]>>;
};
export type MethodName = keyof Parameters;
export const methodNames = Object.keys(parameters) as MethodName[];

const schemas = new Map<MethodName, z.ZodMiniType>();

/** The schema of a method's parameters. */
export function parametersOf(method: MethodName): z.ZodMiniType {
  let schema = schemas.get(method);
  if (schema === undefined) {
    schema = parameters[method]();
    schemas.set(method, schema);
  }
  return schema;
}

/** The first complaint of a schema, for the message of an InvalidArgs answer: `env: expected array`. */
export function complaint(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "wrong parameters";
  return [...issue.path.map(String), describe(issue)].join(": ");
}

/** zod/mini carries no texts of its own (they would cost more bytes than the schemas). */
function describe(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `unknown parameter ${issue.keys.join(", ")}`;
    case "invalid_type":
      return `expected ${issue.expected}`;
    case "invalid_value":
      return `expected one of ${issue.values.join(", ")}`;
    case "too_big":
      return `at most ${issue.maximum}`;
    case "too_small":
      return `at least ${issue.minimum}`;
    default:
      return issue.message;
  }
}
