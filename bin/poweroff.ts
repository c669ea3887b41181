import { stopCommand } from "../src/commands/sysv/halt.ts";

export const main = stopCommand("poweroff", "Stops the container.");
