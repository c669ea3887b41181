/** initctl, start, stop, restart, reload, status, and any other sub-command under its own name. */
export { main } from "../src/commands/initctl.ts";
