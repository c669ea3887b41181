/** Runs jobs and, where there is no such job, System V init scripts. */
export { main } from "../src/commands/service.ts";
