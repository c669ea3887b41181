import { stopCommand } from "../src/commands/sysv/halt.ts";

export const main = stopCommand("halt", "Stops the container.");
