/** What a failed start is about, by name: the line below Upstart's own, which names no program, directory or user. */
import * as native from "upinit:native";
import { getVariable } from "../events/environment.ts";
import type { JobClass } from "../jobs/job-class.ts";
import { EACCES, ENOENT, ENOTDIR } from "../runtime/errno.ts";
import { missingCapability, type SpawnFailure } from "./spawn-failure.ts";

/** As much of a program as its first line can take (execve(2)). */
const longestFirstLine = 256;

/** A sentence without its full stop; null where Upstart's line says all there is. `program` is argv[0]. */
export function failureDetail(
  failure: SpawnFailure,
  jobClass: JobClass,
  program: string,
  env: readonly string[],
): string | null {
  const error = native.errorText(failure.errno);
  const capability = missingCapability(failure);
  const needs = capability === null ? "" : ` (it needs the capability ${capability})`;
  switch (failure.step) {
    case "exec":
      return executionDetail(failure.errno, jobClass.chroot ?? "", program, env);
    case "chdir":
      return `cannot change to the directory ${jobClass.chdir ?? "/"}: ${error}`;
    case "chroot":
      return `cannot change to the root ${jobClass.chroot}: ${error}${needs}`;
    case "initgroups":
    case "setgid":
    case "setuid":
      return `cannot become user ${jobClass.setuid ?? "(unchanged)"}, group ${jobClass.setgid ?? "(its own)"}: ${error}${needs}`;
    default:
      return capability === null ? null : `${error}: it needs the capability ${capability}`;
  }
}

function executionDetail(errno: number, root: string, program: string, env: readonly string[]): string {
  const cannot = `cannot execute ${program}`;
  if (errno === ENOENT && !program.includes("/")) {
    return `${cannot}: it is in no directory of PATH=${getVariable([...env], "PATH") ?? ""}`;
  }
  const isThere = native.access(`${root}${program}`, 0) === 0;
  if ((errno === ENOENT || errno === ENOTDIR) && isThere)
    return `${cannot}: ${interpreterDetail(root, program)}`;
  if (errno === EACCES && isThere)
    return `${cannot}: it is no program, or its mode or file system does not allow it to be executed`;
  return `${cannot}: ${native.errorText(errno)}`;
}

/** The program is there, so what is missing is what runs it. */
function interpreterDetail(root: string, program: string): string {
  const fd = native.open(`${root}${program}`, native.O_RDONLY);
  if (fd < 0) return "its interpreter or a library of it is missing";
  const bytes = new Uint8Array(longestFirstLine);
  const count = native.read(fd, bytes, 0, bytes.length);
  native.close(fd);
  const [line = ""] = native.decode(bytes, 0, Math.max(0, count)).split("\n");
  if (!line.startsWith("#!")) return "the dynamic loader or a library that it needs is missing";
  if (line.endsWith("\r"))
    return "its first line ends with a carriage return: save the file with Unix line ends";
  return `its interpreter ${line.slice(2).trim().split(/\s/)[0]} does not exist`;
}
