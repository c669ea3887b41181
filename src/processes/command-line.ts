import type { ProcessDefinition } from "../jobs/job-class.ts";

/** How a process definition becomes a program (docs/upstart.md#71-shell-or-not). */
export type CommandLine =
  /** Run directly: the words of the command. */
  | { readonly type: "direct"; readonly argv: readonly string[] }
  /** `/bin/sh -e -c TEXT /bin/sh`. */
  | { readonly type: "shell"; readonly text: string }
  /** A script of several lines: `/bin/sh -e FILE`, where FILE holds TEXT and is open as descriptor 9. */
  | { readonly type: "script"; readonly text: string };

export const shell = "/bin/sh";
/** The descriptor that a script of several lines is passed as, and its name. */
export const scriptDescriptor = 9;
export const scriptPath = "/proc/self/fd/9";
/** What one argument of execve can hold, with its NUL (MAX_ARG_STRLEN). */
export const longestArgument = 128 * 1024;

/** What only a shell understands. `#` and `%` are not among them, `=` is. */
const shellCharacters = /[~`!$^&*()=|\\{}[\];"'<>?]/;
const blanks = /[ \t\r\n]+/;

/** Decides how a process is run. The command is taken as it is written; nothing is expanded here. */
export function commandLine({ script, command, argv }: ProcessDefinition): CommandLine {
  if (argv !== undefined) return { type: "direct", argv };
  if (script) {
    const firstLine = withoutFinalNewlines(command);
    return firstLine.includes("\n") ? { type: "script", text: command } : { type: "shell", text: firstLine };
  }
  if (shellCharacters.test(command)) return { type: "shell", text: `exec ${command}` };
  return { type: "direct", argv: command.split(blanks).filter((word) => word !== "") };
}

/** The arguments of a shell that is given its script as text. */
export function shellArguments(text: string): string[] {
  return [shell, "-e", "-c", text, shell];
}

/** The arguments of a shell that reads its script from descriptor 9. */
export function scriptArguments(): string[] {
  return [shell, "-e", scriptPath];
}

/** The contents of descriptor 9: the script, after a line by which the shell closes the descriptor. */
export function scriptContents(text: string): string {
  return `exec ${scriptDescriptor}<&-\n${text}`;
}

function withoutFinalNewlines(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "\n") end -= 1;
  return text.slice(0, end);
}
