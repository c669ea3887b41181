import * as native from "upinit:native";
import { onExit } from "signal-exit";
import { EEXIST } from "../../runtime/errno.ts";
import { process, waitFor } from "../../runtime/node/process.ts";
import { CommandError } from "../command.ts";
import { printError, write } from "../output.ts";

/** Where a shutdown that counts down can be found by the one that cancels it. */
const record = "/run/shutdown.pid";
const SIGINT = 2;
const minute = 60_000;

/** Waits so many minutes. False if it was cancelled meanwhile. */
export async function countDown(program: string, minutes: number): Promise<boolean> {
  claim();
  const forget = onExit(() => void native.unlink(record));
  let cancelled = false;
  process.on("SIGINT", () => {
    cancelled = true;
  });
  const end = native.monotonicTime() + minutes * minute;
  for (let left = minutes * minute; left > 0 && !cancelled; left = end - native.monotonicTime()) {
    warn(Math.ceil(left / minute));
    // Whole minutes from now to the end, so that each warning is true when it is given.
    waitFor(-1, 0, Math.max(1, Math.min(left, left % minute || minute)));
  }
  forget();
  native.unlink(record);
  if (cancelled) printError(program, "Shutdown cancelled");
  return !cancelled;
}

function warn(minutes: number): void {
  if (native.isTerminal(2))
    write(2, `The container is going down in ${minutes} minute${minutes === 1 ? "" : "s"}!\n`);
}

function claim(): void {
  const running = runningShutdown();
  if (running > 0) throw new CommandError("Another shutdown is already running");
  if (running === 0) native.unlink(record);
  const fd = native.open(record, native.O_WRONLY | native.O_CREAT | native.O_EXCL | native.O_NOFOLLOW, 0o644);
  if (fd === -EEXIST) throw new CommandError("Another shutdown is already running");
  if (fd < 0) throw new CommandError(`Unable to write ${record}: ${native.errorText(-fd)}`);
  native.writeText(fd, `${native.getpid()}\n`);
  native.close(fd);
}

/** Its process id; 0 if it is gone; -1 without a record. */
function runningShutdown(): number {
  const text = native.readFile(record, 32);
  if (typeof text === "number") return -1;
  const pid = Number(text.trim());
  return Number.isSafeInteger(pid) && pid > 1 && native.kill(pid, 0) >= 0 ? pid : 0;
}

/** `shutdown -c` */
export function cancel(): number {
  const pid = runningShutdown();
  if (pid < 0) throw new CommandError("Cannot find pid of running shutdown");
  const sent = pid === 0 ? -1 : native.kill(pid, SIGINT);
  if (sent < 0) throw new CommandError("Shutdown is not running");
  return 0;
}
