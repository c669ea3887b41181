import { priorities } from "../log/priority.ts";
import { globalOptions, type OptionSpec, type SubCommand } from "./command.ts";

/** Sub-commands whose first argument is a job. */
const ofJobs: ReadonlySet<string> = new Set([
  "start",
  "stop",
  "restart",
  "reload",
  "status",
  "usage",
  "wait",
  "reset-failed",
  "explain",
  "log",
  "watch",
  "show-config",
  "check-config",
]);
const shortNames = ["start", "stop", "restart", "reload", "status"];
const verbs = "start stop restart reload force-reload status";

function words(options: readonly OptionSpec[]): string {
  return options
    .filter(({ hidden }) => hidden !== true)
    .flatMap(({ long, short }) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])])
    .join(" ");
}

/** The script; job names are asked of init when they are completed. */
export function completionScript(shell: "bash" | "zsh", commands: readonly SubCommand[]): string {
  const script = bashScript(commands);
  return shell === "bash" ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

function bashScript(commands: readonly SubCommand[]): string {
  const optionsOf = commands.map(({ name, options }) => `    ${name}) printf '%s' '${words(options)}' ;;`);
  return `# Completion of upinit's commands.
_upinit_jobs() {
  initctl show-config 2>/dev/null | while IFS= read -r line; do
    case $line in ' '*) ;; *) printf '%s\\n' "$line" ;; esac
  done
}
_upinit_options() {
  case $1 in
${optionsOf.join("\n")}
  esac
}
_upinit_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(printf '%s' "$1" | tr ' ' '\\n')" -- "$2"))
}
_upinit_complete_jobs() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(_upinit_jobs)" -- "$1"))
}
_upinit_initctl() {
  local current=\${COMP_WORDS[COMP_CWORD]} command= position=0 index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in -*) ;; *)
      if [ -z "$command" ]; then command=\${COMP_WORDS[index]}; else position=$((position + 1)); fi ;;
    esac
  done
  if [ -z "$command" ]; then
    _upinit_complete '${commands.map(({ name }) => name).join(" ")} help ${words(globalOptions)}' "$current"
  elif [ "\${current#-}" != "$current" ]; then
    _upinit_complete "$(_upinit_options "$command") ${words(globalOptions)}" "$current"
  elif [ $position -eq 0 ]; then
    case $command in
      ${[...ofJobs].join("|")}) _upinit_complete_jobs "$current" ;;
      log-priority) _upinit_complete '${priorities.join(" ")}' "$current" ;;
      completion) _upinit_complete 'bash zsh' "$current" ;;
    esac
  fi
}
_upinit_job() {
  [ "$COMP_CWORD" -eq 1 ] && _upinit_complete_jobs "\${COMP_WORDS[COMP_CWORD]}"
}
_upinit_service() {
  case $COMP_CWORD in
    1) _upinit_complete_jobs "\${COMP_WORDS[1]}" ;;
    2) _upinit_complete '${verbs}' "\${COMP_WORDS[2]}" ;;
  esac
}
complete -F _upinit_initctl initctl
complete -F _upinit_job ${shortNames.join(" ")}
complete -F _upinit_service service
`;
}
