import type { Handover } from "../shim/handover.ts";
import { readOptions } from "./options.ts";
import { start } from "./start.ts";

/** Takes over from the shim, whose CMD runs already. Rejects with nothing changed if that can't be done. */
export async function adopt(handover: Handover): Promise<void> {
  start(await readOptions(handover.scan), handover);
}
