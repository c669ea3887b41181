import { stopCommand } from "../src/commands/sysv/halt.ts";

export const main = stopCommand(
  "reboot",
  "Stops the container for a reboot: its restart policy decides whether it starts again.",
);
