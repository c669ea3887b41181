import { type Invocation, UsageError } from "../command.ts";
import { type Program, runProgram } from "../program.ts";
import { askForStop, previousLevel } from "./request.ts";
import { minutesUntil } from "./time.ts";

const program: Program = {
  name: "shutdown",
  description:
    "Stops the container at TIME: now, +MINUTES or HH:MM. Whether it starts again is up to whoever runs it. A shutdown that is to come stays in the foreground; -c, or an interrupt, cancels it.",
  arguments: "TIME [MESSAGE]...",
  options: [
    { long: "reboot", short: "r", help: "announce a reboot: run level 6" },
    { long: "shut-down", short: "h", help: "run level 0" },
    { long: "halt", short: "H", help: "run level 0, with INIT_HALT=HALT" },
    { long: "poweroff", short: "P", help: "run level 0, with INIT_HALT=POWEROFF" },
    { long: "cancel", short: "c", help: "cancel a running shutdown" },
    { long: "warn-only", short: "k", help: "only pretend" },
    { long: "grace", short: "g", value: "TIME", help: "the time, as an option", hidden: true },
    { long: "access", short: "a", help: "no effect", hidden: true },
    { long: "no-init", short: "n", help: "no effect", hidden: true },
    { long: "no-fsck", short: "f", help: "no effect", hidden: true },
    { long: "fsck", short: "F", help: "no effect", hidden: true },
    { long: "yes", short: "y", help: "no effect", hidden: true },
    { long: "level", short: "i", value: "LEVEL", help: "no effect", hidden: true },
    { long: "timeout", short: "t", value: "SECONDS", help: "no effect", hidden: true },
  ],
  async run(call) {
    if (call.options.has("cancel")) return (await import("./countdown.ts")).cancel();
    const time = call.options.get("grace") ?? call.args[0];
    if (time === undefined) throw new UsageError("time expected");
    const now = new Date();
    const minutes = minutesUntil(time, now.getHours() * 60 + now.getMinutes());
    if (minutes > 0 && !(await (await import("./countdown.ts")).countDown(call.program, minutes))) return 0;
    if (!call.options.has("warn-only")) askForStop(call, "shutdown", wanted(call));
    return 0;
  },
};

/** The last of -r -h -H -P wins; without any of them too the container stops. */
function wanted(call: Invocation): unknown {
  const kinds = ["reboot", "shut-down", "halt", "poweroff"];
  const kind = [...call.options.keys()].filter((option) => kinds.includes(option)).at(-1);
  const env = kind === "halt" ? ["INIT_HALT=HALT"] : kind === "poweroff" ? ["INIT_HALT=POWEROFF"] : [];
  return { reboot: kind === "reboot", env, ...previousLevel(call) };
}

export const main = (argv: readonly string[]): Promise<number> => runProgram(program, argv);
