/** What a service says by sd_notify(3). */
export interface Notification {
  readonly ready: boolean;
  readonly stopping: boolean;
  /** `WATCHDOG=1`: a sign of life; `WATCHDOG=trigger`: the service asks to be treated as hung. */
  readonly watchdog: "alive" | "trigger" | null;
  readonly mainPid: number | null;
  readonly status: string | null;
}

/** A status text is shown to people, on one line. */
const longestStatus = 512;

/**
 * Reads a datagram, whatever it holds: lines of `KEY=VALUE`, of which unknown ones are passed over and of repeated
 * ones the last counts. An empty datagram says nothing.
 */
export function parseNotification(text: string): Notification {
  let ready = false;
  let stopping = false;
  let watchdog: Notification["watchdog"] = null;
  let mainPid: number | null = null;
  let status: string | null = null;
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    const value = line.slice(equals + 1);
    switch (equals < 0 ? "" : line.slice(0, equals)) {
      case "READY":
        ready = value === "1";
        break;
      case "STOPPING":
        stopping = value === "1";
        break;
      case "WATCHDOG":
        watchdog = value === "1" ? "alive" : value === "trigger" ? "trigger" : watchdog;
        break;
      case "MAINPID":
        mainPid = parsePid(value);
        break;
      case "STATUS":
        status = printable(value.slice(0, longestStatus));
        break;
      default:
    }
  }
  return { ready, stopping, watchdog, mainPid, status };
}

function parsePid(text: string): number | null {
  return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : null;
}

function printable(text: string): string {
  let result = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    result += code < 0x20 || code === 0x7f ? " " : character;
  }
  return result;
}
