import { type SubCommand, UsageError } from "../command.ts";
import { ask } from "../connection.ts";

export const command: SubCommand = {
  name: "notify-dbus-address",
  group: "Other",
  summary: "Tell a session init the address of its D-Bus (no effect).",
  arguments: "ADDRESS",
  options: [],
  run(call) {
    const [address] = call.args;
    if (address === undefined) throw new UsageError("missing D-Bus address");
    ask(call, "notify-dbus-address", { address });
    return 0;
  },
};
