/** `npm run lint`: the rules of docs/house.md that no other tool checks. Prints what breaks them; then the status is 1. */
import { resolve } from "node:path";
import { findings } from "./rules.ts";

const found = findings(resolve(import.meta.dirname, "../../.."));
for (const { path, line, message } of found) console.error(`${path}:${line}: ${message}`);
if (found.length > 0) process.exitCode = 1;
