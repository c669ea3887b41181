/** What a probe looks at, as it is written behind `ready`, `check` and `initctl probe`. */

export type ProbeKind = "tcp" | "unix" | "http" | "file";

export type Target =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix" | "file"; readonly path: string }
  /** `socket`: the path of a Unix socket, or "". `authority` is what the Host header says. */
  | {
      readonly kind: "http";
      readonly host: string;
      readonly port: number;
      readonly socket: string;
      readonly authority: string;
      readonly path: string;
    };

/** The target, or what is wrong with it. `text` holds no variables any more. */
export function readTarget(kind: ProbeKind, text: string): Target | string {
  switch (kind) {
    case "tcp":
      return readTcp(text);
    case "http":
      return readUrl(text);
    case "unix":
    case "file":
      return text.startsWith("/") ? { kind, path: text } : `expected an absolute path, not ${text}`;
  }
}

function readTcp(text: string): Target | string {
  const found = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):)?(\d{1,5})$/.exec(text);
  const port = readPort(found?.[3]);
  if (found === null || port === null) return `expected [HOST:]PORT, not ${text}`;
  return { kind: "tcp", host: found[1] ?? found[2] ?? "localhost", port };
}

const unixUrl = /^unix:(\/[^:]*)(?::(\/.*))?$/;
const url = /^http:\/\/([^/?#]*)([^#]*)/i;

function readUrl(text: string): Target | string {
  if (/^https:/i.test(text)) return "there is no TLS in probes: use `exec` with a program that has it (curl)";
  const local = unixUrl.exec(text);
  if (local !== null) {
    const [, socket = "", path = "/"] = local;
    return { kind: "http", host: "", port: 0, socket, authority: "localhost", path };
  }
  const found = url.exec(text);
  if (found === null) return `expected http://HOST[:PORT]/PATH or unix:SOCKET:/PATH, not ${text}`;
  const [, authority = "", rest = ""] = found;
  if (authority.includes("@")) return "a URL with credentials would be seen by everybody: use `exec`";
  const place = readTcp(/:\d+$/.test(authority) ? authority : `${authority}:80`);
  if (typeof place === "string" || place.kind !== "tcp") return `expected a host in ${text}`;
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  return { kind: "http", host: place.host, port: place.port, socket: "", authority, path };
}

function readPort(text: string | undefined): number | null {
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}
