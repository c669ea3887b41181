import type { SpawnStep } from "upinit:native";
import { EACCES, ENOENT, EPERM } from "../runtime/errno.ts";
import { scriptDescriptor } from "./command-line.ts";
import { resourceKeyword } from "./limits.ts";

/** What a child reported before it could execute its program. `detail` says more about the step; see SpawnPlan. */
export interface SpawnFailure {
  readonly step: SpawnStep;
  readonly errno: number;
  readonly detail: number;
}

/** Upstart's words for the step (docs/upstart.md#73-set-up), before `: ERROR`. */
const stepTexts: Readonly<Record<SpawnStep, string>> = {
  descriptors: "unable to open console",
  open: "unable to open console",
  session: "unable to create session",
  group: "unable to set process group",
  terminal: "unable to open console",
  foreground: "unable to open console",
  limit: "unable to set resource limit",
  nice: "unable to set priority",
  oom: "unable to set oom adjustment",
  chroot: "unable to change root directory",
  chdir: "unable to change working directory",
  initgroups: "unable to initgroups",
  setgid: "unable to setgid",
  setuid: "unable to setuid",
  capabilities: "unable to set capabilities",
  privileges: "unable to set no new privileges",
  signals: "unable to modify signal handler",
  trace: "unable to set trace",
  exec: "unable to execute",
};

/** Upstart's reason for a failed spawn. `error` is the text of the errno; `pty` that output goes to a terminal. */
export function failureReason(failure: SpawnFailure, error: string, pty: boolean): string {
  return `${failureStep(failure, pty)}: ${error}`;
}

function failureStep({ step, detail }: SpawnFailure, pty: boolean): string {
  if (step === "limit") return `unable to set "${resourceKeyword(detail)}" resource limit`;
  if (step === "descriptors" && detail === scriptDescriptor) return "unable to move script fd";
  if (step === "open" && pty && detail > 0) return "unable to open pty slave";
  return stepTexts[step];
}

/** The status that a container gets from a job that could not be spawned, as a shell has it: 127, 126 or 1. */
export function failureStatus({ step, errno }: SpawnFailure): number {
  if (step !== "exec") return 1;
  return errno === ENOENT ? 127 : 126;
}

/** The capability that a refused step wants; null if the refusal has another cause. */
export function missingCapability({ step, errno }: SpawnFailure): string | null {
  if (errno !== EPERM && errno !== EACCES) return null;
  switch (step) {
    case "nice":
      return "CAP_SYS_NICE";
    case "limit":
    case "oom":
      return "CAP_SYS_RESOURCE";
    case "chroot":
      return "CAP_SYS_CHROOT";
    case "initgroups":
    case "setgid":
      return "CAP_SETGID";
    case "capabilities":
      return "CAP_SETPCAP";
    case "setuid":
      return "CAP_SETUID";
    case "trace":
      return "CAP_SYS_PTRACE";
    default:
      return null;
  }
}
