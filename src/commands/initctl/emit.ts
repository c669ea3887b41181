import { jsonOption, noWaitOption, type SubCommand, UsageError } from "../command.ts";
import { ask, forever } from "../connection.ts";
import { printAddition } from "../output.ts";

export const command: SubCommand = {
  name: "emit",
  group: "Event",
  summary: "Emit an event.",
  arguments: "EVENT [KEY=VALUE]...",
  options: [
    noWaitOption,
    { long: "dry-run", help: "only show what the event would start and stop" },
    jsonOption,
  ],
  description:
    "Waits until everything that the event starts or stops is finished; fails if any of that fails.",
  async run(call) {
    const [event, ...env] = call.args;
    if (event === undefined) throw new UsageError("missing event name");
    if (call.options.has("dry-run")) return (await import("../dry-run.ts")).dryRun(call, event, env);
    const answer = ask(call, "emit", { event, env, wait: !call.options.has("no-wait") }, forever);
    if (answer !== null) printAddition(`${event} reaches no job: none waits for it`);
    return 0;
  },
};
