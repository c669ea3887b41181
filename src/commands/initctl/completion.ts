import { type SubCommand, UsageError } from "../command.ts";
import { completionScript } from "../completion.ts";
import { write } from "../output.ts";

export const command: SubCommand = {
  name: "completion",
  group: "Other",
  summary: "Print a completion script for a shell.",
  arguments: "bash|zsh",
  options: [],
  description: "In bash: source <(initctl completion bash). In zsh: source <(initctl completion zsh).",
  async run(call) {
    const [shell] = call.args;
    if (shell === undefined) throw new UsageError("missing shell: bash or zsh");
    if (shell !== "bash" && shell !== "zsh") throw new UsageError(`unknown shell: ${shell}`);
    const { allSubCommands } = await import("../initctl.ts");
    write(1, completionScript(shell, await allSubCommands()));
    return 0;
  },
};
