/** What is loaded when the first client connects: the protocol, its methods and their schemas. */
export { methods } from "./methods.ts";
export { Session } from "./session.ts";
