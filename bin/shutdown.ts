/** Stops the container now or later. */
export { main } from "../src/commands/sysv/shutdown.ts";
