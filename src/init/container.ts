import * as native from "upinit:native";
import { getVariable } from "../events/environment.ts";

/** Files by which an engine marks its containers. */
const markers: readonly (readonly [path: string, container: string])[] = [
  ["/.dockerenv", "docker"],
  ["/run/.containerenv", "podman"],
];

const F_OK = 0;

/**
 * What runs this container: `kubernetes`, the value of `$container` (podman, lxc, systemd-nspawn … set it), what a
 * marker file says, else `other`.
 */
export function detectContainer(environment: readonly string[]): string {
  if (getVariable(environment, "KUBERNETES_SERVICE_HOST") !== undefined) return "kubernetes";
  const named = getVariable(environment, "container");
  if (named !== undefined && named !== "" && named !== "oci") return named;
  const marker = markers.find(([path]) => native.access(path, F_OK) === 0);
  return marker?.[1] ?? "other";
}
