/** pino's browser build: the same interface without Node's streams. */
declare module "pino/browser.js" {
  export { pino } from "pino";
}
