import * as native from "upinit:native";
import { lastValue, scanOptions } from "../shim/options.ts";
import { OptionError, type ReadOptions, readOptions } from "./options.ts";
import { start } from "./start.ts";

/** The loop ends the process, not the way back to the entry. */
const never = new Promise<never>(() => {});

/** upinit called for jobs, or for something that is no init at all (`--help`, `--install`). */
export async function main(argv: readonly string[]): Promise<number> {
  const scan = scanOptions(argv, native.environment());
  if (!scan.ok) return complain(`${scan.message}; see upinit --help`);
  let read: ReadOptions;
  try {
    if (scan.values.size > 0) {
      const { errand } = await import("./errands.ts");
      const status = await errand(scan);
      if (status !== null) return status;
    }
    read = await readOptions(scan);
  } catch (error) {
    if (error instanceof OptionError) return complain(error.message);
    throw error;
  }
  if (scan.values.has("restart")) {
    const { restart } = await import("./restart.ts");
    await restart(read, Number(lastValue(scan.values, "state-fd")));
  } else {
    start(read, null);
  }
  return never;
}

function complain(message: string): number {
  native.writeText(2, `upinit: ${message}\n`);
  return 1;
}
