/** Changes the run level. */
export { main } from "../src/commands/sysv/telinit.ts";
