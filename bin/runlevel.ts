/** Shows the run level. */
export { main } from "../src/commands/sysv/runlevel.ts";
