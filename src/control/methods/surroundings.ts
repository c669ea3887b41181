import type { JobClass } from "../../jobs/job-class.ts";
import type { ProcessSurroundings } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Parameters } from "../protocol.ts";
import { refusal } from "./jobs.ts";

/** What a main process of the job is given, or would be: for a command that is to run as one (`initctl exec`). */
export function surroundings(call: Call, params: Parameters["surroundings"]): ProcessSurroundings {
  const { world } = call.daemon;
  const env = params.env ?? [];
  const found = world.requests.surroundings(params.job, env);
  if (!found.ok) throw refusal(call, params.job, found, env);
  const { umask, personal } = call.daemon.processDefaults();
  return { env: [...found.env], defaultUmask: umask, personal, ...settingsOf(found.jobClass) };
}

function settingsOf(jobClass: JobClass): Omit<ProcessSurroundings, "env" | "defaultUmask" | "personal"> {
  const { setuid, setgid, chroot, chdir, umask, nice, oomScore, noNewPrivileges } = jobClass;
  const { capabilities } = jobClass;
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    ...{ setuid, setgid, chroot, chdir, umask, nice, oomScore, noNewPrivileges },
    capabilities: capabilities === null ? null : [...capabilities],
    limits: [...jobClass.limits].map(([resource, { soft, hard }]) => ({
      resource,
      soft: known(soft),
      hard: known(hard),
    })),
  };
}
