/** `initctl exec`: a command in the surroundings of a job's main process. Loaded only for that. */
import * as native from "upinit:native";
import { type ProcessSurroundings, processSurroundings } from "../control/answers.ts";
import { ProcessIdentities } from "../processes/process-identity.ts";
import { failureReason, failureStatus } from "../processes/spawn-failure.ts";
import { spawnPlan } from "../processes/spawn-plan.ts";
import { signals } from "../runtime/signals.ts";
import { unexpected } from "./answer.ts";
import { CommandError, type Invocation } from "./command.ts";
import { ask } from "./connection.ts";

/** Runs the command and gives its exit status, 128 and its signal if one killed it. Throws a CommandError. */
export function runAs(
  call: Invocation,
  job: string,
  env: readonly string[],
  argv: readonly string[],
): number {
  const answer = processSurroundings.safeParse(ask(call, "surroundings", { job, env }));
  if (!answer.success) throw unexpected("surroundings");
  const started = native.spawn(planOf(answer.data, argv));
  if (typeof started === "number")
    throw new CommandError(`unable to fork: ${native.errorText(-started)}`, 126);
  const [pid, statusFd] = started;
  // Who interrupts from the keyboard means the command, which decides what becomes of both.
  for (const signal of [signals.SIGINT, signals.SIGQUIT]) native.ignoreSignal(signal, true);
  const status = endOf(pid);
  const failure = native.readSpawnFailure(statusFd);
  if (failure === null || failure === true) return status;
  const [step, errno, detail] = failure;
  const reason = failureReason({ step, errno, detail }, native.errorText(errno), false);
  throw new CommandError(`${argv[0]}: ${reason}`, failureStatus({ step, errno, detail }));
}

function planOf(given: ProcessSurroundings, argv: readonly string[]): native.SpawnPlan {
  const unlimited = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;
  const jobClass = {
    ...given,
    hooksAsRoot: false,
    limits: new Map(
      given.limits.map(({ resource, soft, hard }) => [
        resource,
        { soft: unlimited(soft), hard: unlimited(hard) },
      ]),
    ),
  };
  const identities = new ProcessIdentities(given.personal);
  const owner = identities.resolve({ jobClass }, "main");
  if (typeof owner === "string") throw new CommandError(owner);
  return {
    ...spawnPlan({
      jobClass,
      argv,
      env: identities.environment({ jobClass }, given.env, owner),
      descriptors: [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
      open: [],
      controllingTerminal: false,
      identity: owner.identity,
      defaultUmask: given.defaultUmask,
      defaultDirectory: "/",
      mark: null,
      trace: false,
      stopBeforeExec: false,
      leftOut: {},
    }),
    // It stays on this terminal, and ends with this command.
    session: false,
    parentDeathSignal: signals.SIGTERM,
  };
}

/** Waits for the end of a process. */
function endOf(pid: number): number {
  const seen = new Int32Array(3);
  while (native.waitid(native.P_PID, pid, native.WEXITED, seen) < 0 || seen[0] === 0);
  const [, code, status = 0] = seen;
  return code === native.CLD_EXITED ? status : 128 + status;
}
