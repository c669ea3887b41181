import type { SpawnPlan } from "upinit:native";
import type { JobClass } from "../jobs/job-class.ts";
import { capabilitySet } from "../runtime/capability-numbers.ts";
import type { Identity } from "./identity.ts";
import { resourceNumber } from "./limits.ts";

/** What of a class's set-up `--lenient` may leave out where the capability is missing. */
export interface LeftOut {
  readonly nice?: boolean;
  readonly oom?: boolean;
  /** Numbers of resources. */
  readonly limits?: readonly number[];
}

/** What of a class the plan is made of. */
type PlannedClass = Pick<
  JobClass,
  "limits" | "umask" | "nice" | "oomScore" | "chroot" | "chdir" | "capabilities" | "noNewPrivileges"
>;

/** What a process gets beside what its class says. */
export interface PlanInput {
  readonly jobClass: PlannedClass;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly descriptors: SpawnPlan["descriptors"];
  readonly open: NonNullable<SpawnPlan["open"]>;
  /** Descriptor 0 becomes the controlling terminal (`console owner`). */
  readonly controllingTerminal: boolean;
  readonly identity: Identity;
  /** Where no umask is given. */
  readonly defaultUmask: number;
  /** Where no `chdir` is given; null leaves the working directory alone (user mode). */
  readonly defaultDirectory: string | null;
  /** A limit by which its descendants are known; null: none. */
  readonly mark: readonly [resource: number, soft: number, hard: number] | null;
  readonly trace: boolean;
  readonly stopBeforeExec: boolean;
  readonly leftOut: LeftOut;
}

const noSignals = [0, 0] as const;

/** The set-up of one job process, complete (docs/upstart.md#73-set-up). The order of the steps is the binding's. */
export function spawnPlan(input: PlanInput): SpawnPlan {
  const { jobClass, identity, leftOut } = input;
  const chdir = jobClass.chdir ?? input.defaultDirectory;
  return {
    file: input.argv[0] ?? "",
    argv: input.argv,
    env: input.env,
    shellFallback: true,
    descriptors: input.descriptors,
    open: input.open,
    session: true,
    controllingTerminal: input.controllingTerminal,
    limits: [...planLimits(jobClass, leftOut.limits ?? []), ...(input.mark === null ? [] : [input.mark])],
    umask: jobClass.umask ?? input.defaultUmask,
    ...(jobClass.nice !== null && !leftOut.nice && { nice: jobClass.nice }),
    // 0 is the value of an untouched process, and what `oom score 0` means: nothing is written (docs/upstart.md#73-set-up).
    ...(jobClass.oomScore && !leftOut.oom && { oomScoreAdj: jobClass.oomScore }),
    ...(jobClass.chroot !== null && { chroot: jobClass.chroot }),
    ...(chdir !== null && { chdir }),
    ...identity,
    ...(jobClass.capabilities !== null && { capabilities: capabilitySet(jobClass.capabilities) }),
    ...(jobClass.noNewPrivileges && { noNewPrivileges: true }),
    ignored: noSignals,
    blocked: noSignals,
    stopBeforeExec: input.stopBeforeExec,
    trace: input.trace,
  };
}

/** In the order of the resource numbers, as Upstart sets them. */
function planLimits(jobClass: PlannedClass, leftOut: readonly number[]): [number, number, number][] {
  const limits: [number, number, number][] = [];
  for (const [keyword, { soft, hard }] of jobClass.limits) {
    const number = resourceNumber(keyword);
    if (number !== undefined && !leftOut.includes(number)) limits.push([number, soft, hard]);
  }
  return limits.sort((one, other) => one[0] - other[0]);
}
