import * as native from "upinit:native";
import { getVariable } from "../events/environment.ts";

/**
 * Tells the manager that started this container, if it gave NOTIFY_SOCKET (sd_notify(3)). A manager that is gone, or takes
 * nothing, is no error: nothing here waits for it.
 */
export function notifyManager(environment: readonly string[], state: "READY" | "STOPPING"): void {
  const address = getVariable(environment, "NOTIFY_SOCKET");
  if (!address) return;
  const fd = native.unixDatagramTo(address.replace(/^@/, "\0"));
  if (fd < 0) return;
  // In a pid namespace of its own the number would be another process's outside.
  const pid = state === "READY" && native.getpid() !== 1 ? `\nMAINPID=${native.getpid()}` : "";
  const bytes = native.encode(`${state}=1${pid}`);
  native.send(fd, bytes, 0, bytes.length);
  native.close(fd);
}
