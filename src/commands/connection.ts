import * as native from "upinit:native";
import { type Client, ConnectionError, ControlError, connect } from "../control/client.ts";
import { lookUp } from "../control/socket-path.ts";
import { CommandError, type Invocation, UsageError } from "./command.ts";

/** Connects to the init that the global options and the environment mean (docs/upstart.md#91-initctl). */
export function connectFor(call: Invocation): Client {
  const { options, environment } = call;
  if (options.has("dest") && !options.has("system")) throw new UsageError("--dest given without --system");
  try {
    return connect({ environment, socket: options.get("socket"), session: sessionFor(call) });
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    throw new CommandError(`Unable to connect to Upstart: ${error.message}`);
  }
}

/** The address of the session init, if that is meant. */
function sessionFor({ options, environment }: Invocation): string | undefined {
  if (options.has("system")) return undefined;
  const wanted = options.has("user") || options.has("session");
  const address = lookUp(environment, "UPSTART_SESSION") ?? (wanted ? onlySession(environment) : undefined);
  if (wanted && address === undefined) {
    throw new CommandError(
      "UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.",
    );
  }
  return address;
}

/** The user's session init when there is exactly one: nobody sets UPSTART_SESSION in a `docker exec`. */
function onlySession(environment: readonly string[]): string | undefined {
  const sessions = listSessions(environment);
  return sessions?.length === 1 ? sessions[0]?.address : undefined;
}

export interface SessionRecord {
  readonly pid: number;
  readonly address: string;
}

/**
 * The living session inits that left a record (docs/upstart.md#86-session-init); null without a directory of records.
 */
export function listSessions(environment: readonly string[]): SessionRecord[] | null {
  const runtime = lookUp(environment, "XDG_RUNTIME_DIR");
  if (runtime === undefined) return null;
  const directory = `${runtime}/upstart/sessions`;
  const entries = native.readDirectory(directory);
  if (typeof entries === "number") return null;
  const sessions: SessionRecord[] = [];
  for (const name of entries.names) {
    const pid = name.endsWith(".session") ? Number(name.slice(0, -".session".length)) : Number.NaN;
    if (!Number.isSafeInteger(pid) || pid <= 0 || native.kill(pid, 0) < 0) continue;
    const text = native.readFile(`${directory}/${name}`, 4096);
    if (typeof text === "number" || !text.startsWith("UPSTART_SESSION=")) continue;
    sessions.push({ pid, address: text.slice("UPSTART_SESSION=".length).trimEnd() });
  }
  return sessions;
}

/** Waits for ever. */
export const forever = -1;

/** Asks one question over a connection of its own. */
export function ask(call: Invocation, method: string, params?: unknown, timeout?: number): unknown {
  return withClient(call, method, (client) => client.request(method, params, timeout));
}

/** When to say that an operation is not over yet: after 10 s, and then every 30 s. */
const reminders: readonly number[] = [10_000, 30_000];

/** Asks for an operation that may take its time, and calls `silent` while it does. */
export function askPatiently(call: Invocation, method: string, params: unknown, silent: () => void): unknown {
  return withClient(call, method, (client) => client.requestPatiently(method, params, reminders, silent));
}

function withClient(call: Invocation, method: string, use: (client: Client) => unknown): unknown {
  const client = connectFor(call);
  try {
    return use(client);
  } catch (error) {
    throw explained(error, method);
  } finally {
    client.close();
  }
}

/** What a person is told of an error of the client. */
export function explained(error: unknown, method: string): unknown {
  if (error instanceof ConnectionError)
    return new CommandError(`Connection to Upstart lost: ${error.message}`);
  if (error instanceof ControlError && error.error === "MethodNotFound") {
    return new CommandError(
      `The running init does not know '${method}': its version differs from this command's`,
    );
  }
  return error;
}
