import * as native from "upinit:native";
import type { ProcessDefinition } from "../jobs/job-class.ts";
import { ENOSYS, EPERM } from "../runtime/errno.ts";
import {
  commandLine,
  longestArgument,
  scriptArguments,
  scriptContents,
  shellArguments,
} from "./command-line.ts";
import { textFile } from "./script-file.ts";

/** What is executed. `script` is a descriptor that the process gets as `scriptDescriptor`, and the caller closes; -1: none. */
export interface Program {
  readonly argv: readonly string[];
  readonly script: number;
}

/** The program of a definition; a text is the reason why there is none. `name` is for the script's file, `chroot` its root. */
export function programOf(
  name: string,
  definition: ProcessDefinition,
  chroot: string | null,
): Program | string {
  const line = commandLine(definition);
  if (line.type === "direct") return { argv: line.argv, script: -1 };
  if (line.type === "shell") return { argv: shellArguments(line.text), script: -1 };
  if (native.access(`${chroot ?? ""}/proc/self/fd`, 0) === 0) {
    const fd = textFile(name, scriptContents(line.text));
    if (fd >= 0) return { argv: scriptArguments(), script: fd };
    if (fd !== -ENOSYS && fd !== -EPERM) return `unable to move script fd: ${native.errorText(-fd)}`;
  }
  if (native.encode(line.text).length < longestArgument)
    return { argv: shellArguments(line.text), script: -1 };
  return "unable to move script fd: a script of this length needs /proc";
}
