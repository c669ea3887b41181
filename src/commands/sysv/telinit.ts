import { type Invocation, UsageError, valuesOf } from "../command.ts";
import { type Program, runProgram } from "../program.ts";
import { askAsRoot, askForStop, previousLevel } from "./request.ts";

/** How long an init may take to execute itself again, in milliseconds. */
const reexecPatience = 30_000;

const program: Program = {
  name: "telinit",
  description:
    "Changes the run level: emits the event `runlevel`. RUNLEVEL is one of 0123456S; 0 and 6 stop the container. Q reads the configuration again; U lets init execute itself again, keeping every job.",
  arguments: "RUNLEVEL",
  options: [
    { long: "env", short: "e", value: "KEY=VALUE", help: "add a variable to the event", many: true },
    { long: "time", short: "t", value: "SECONDS", help: "no effect", hidden: true },
  ],
  run(call) {
    const [level] = call.args;
    if (level === undefined) throw new UsageError("missing runlevel");
    if (!/^[0-6sSqQuU]$/.test(level)) throw new UsageError(`illegal runlevel: ${level}`);
    switch (level.toUpperCase()) {
      case "Q":
        askAsRoot(call, "reload-configuration");
        return 0;
      case "U":
        return reexec(call);
      default:
        return changeLevel(call, level.toUpperCase());
    }
  },
};

function changeLevel(call: Invocation, level: string): number {
  askForStop(call, "change-runlevel", { level, env: valuesOf(call.options, "env"), ...previousLevel(call) });
  return 0;
}

/** The answer comes from the upinit that took over. */
function reexec(call: Invocation): number {
  askAsRoot(call, "reexec", undefined, reexecPatience);
  return 0;
}

export const main = (argv: readonly string[]): Promise<number> => runProgram(program, argv);
