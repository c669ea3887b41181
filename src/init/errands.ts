import * as native from "upinit:native";
import { SystemError } from "../runtime/system-error.ts";
import { readOptions, type ScannedOptions } from "./options.ts";

const ownExecutable = "/proc/self/exe";

/** What upinit is asked to do instead of being an init. The exit status, or null if it is none of that. */
export async function errand(scanned: ScannedOptions): Promise<number | null> {
  const { values } = scanned;
  if (values.has("help")) {
    const { helpText } = await import("./help.ts");
    native.writeText(1, helpText());
    return 0;
  }
  if (values.has("version")) {
    const { versionText } = await import("../shim/version.ts");
    native.writeText(1, versionText);
    return 0;
  }
  const state = values.get("check-state")?.at(-1);
  if (state !== undefined) {
    const { checkState } = await import("./check-state.ts");
    // The command line has to be understood as well, or the new upinit would end where the old one went on.
    await readOptions(scanned);
    return checkState(Number(state));
  }
  const directory = values.get("install")?.at(-1);
  return directory === undefined ? null : installIn(directory);
}

/** In a container without /proc, as at build time in some engines, the executable is where it was called from. */
function executablePath(): string {
  const link = native.readlink(ownExecutable);
  return typeof link === "string" ? link : (native.argv()[0] ?? "/sbin/upinit");
}

async function installIn(directory: string): Promise<number> {
  const { install } = await import("./install.ts");
  try {
    install(executablePath(), directory === "" ? null : directory);
    return 0;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    native.writeText(2, `upinit: cannot install: ${error.message}\n`);
    return 1;
  }
}
