import type { OptionSpec } from "../command.ts";
import { runProgram } from "../program.ts";
import { askForStop, previousLevel } from "./request.ts";

const options: readonly OptionSpec[] = [
  { long: "force", short: "f", help: "do not wait for the jobs" },
  { long: "poweroff", short: "p", help: "power off instead of halting" },
  { long: "wtmp-only", short: "w", help: "only record it; there is no record to write, so nothing is done" },
  { long: "no-sync", short: "n", help: "no effect", hidden: true },
  { long: "no-wtmp", short: "d", help: "no effect", hidden: true },
  { long: "interfaces", short: "i", help: "no effect", hidden: true },
  { long: "harddisk", short: "h", help: "no effect", hidden: true },
];

/** `halt`, `poweroff` and `reboot`: all of them stop the container; they differ in what its jobs are told. */
export function stopCommand(name: "halt" | "poweroff" | "reboot", description: string) {
  return (argv: readonly string[]): Promise<number> =>
    runProgram(
      {
        name,
        description,
        arguments: "",
        options,
        run(call) {
          if (call.options.has("wtmp-only")) return 0;
          const off = name === "poweroff" || (name === "halt" && call.options.has("poweroff"));
          const env = name === "reboot" ? [] : [off ? "INIT_HALT=POWEROFF" : "INIT_HALT=HALT"];
          const force = call.options.has("force");
          askForStop(call, "shutdown", { reboot: name === "reboot", env, force, ...previousLevel(call) });
          return 0;
        },
      },
      argv,
    );
}
