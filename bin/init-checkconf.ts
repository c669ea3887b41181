/** init-checkconf: checks job configuration files. */
export { main } from "../src/commands/checkconf.ts";
