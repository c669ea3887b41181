/** What the links of /etc/init.d lead to where a script became a job. */
export { initScript as main } from "../src/commands/service.ts";
