import * as native from "upinit:native";
import { ENOSYS } from "../runtime/errno.ts";

/** The addresses of a host in digits, those that it names first; a text says why there are none. */
export function addressesOf(host: string): readonly string[] | string {
  if (/^[0-9.]+$/.test(host) || host.includes(":")) return [host];
  // By both protocols, whatever a minimal image says of it.
  if (host === "localhost") return ["::1", "127.0.0.1"];
  const found = native.resolveHost(host);
  if (typeof found !== "number") return [...new Set(found)];
  if (found !== -ENOSYS) return `the name ${host} is not known`;
  const listed = inHostsFile(host);
  return listed.length > 0 ? listed : `the name ${host} is not in /etc/hosts`;
}

/** hosts(5), for builds without a resolver. */
function inHostsFile(host: string): string[] {
  const text = native.readFile("/etc/hosts", 1024 * 1024);
  if (typeof text === "number") return [];
  return text
    .split("\n")
    .map((line) => (line.split("#")[0] as string).trim().split(/\s+/))
    .filter(([, ...names]) => names.includes(host))
    .map(([address]) => address as string);
}
