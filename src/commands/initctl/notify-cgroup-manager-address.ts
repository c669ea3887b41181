import { type SubCommand, UsageError } from "../command.ts";
import { ask } from "../connection.ts";

export const command: SubCommand = {
  name: "notify-cgroup-manager-address",
  group: "Other",
  summary: "Tell the address of the cgroup manager (no effect).",
  arguments: "ADDRESS",
  options: [],
  run(call) {
    const [address] = call.args;
    if (address === undefined) throw new UsageError("missing address");
    ask(call, "notify-cgroup-manager-address", { address });
    return 0;
  },
};
