import * as native from "upinit:native";
import type { Watch } from "../runtime/reactor.ts";
import type { JobOutput } from "./job-output.ts";
import type { CaptureState, OutputSource } from "./output-state.ts";
import type { LineState } from "./standard-output.ts";
import { noBytes } from "./tail.ts";

/** The reading end of one process's output. There is one for each running process, so it is kept small. */
export class Capture implements LineState {
  readonly source: OutputSource;
  readonly fd: number;
  /** Whose end is the end of what counts: the process that it was made for, or main in its place. */
  pid: number;
  readonly pty: boolean;
  /** Made when the first byte comes: most jobs write little, and many nothing. */
  output: JobOutput | null = null;
  /** Whether its line on standard output has begun and not ended. */
  open = false;
  /** The begin of a line that waits for its end. */
  held: Uint8Array = noBytes;
  heldSince = 0;
  watch: Watch | null = null;
  /** Complete lines from the first on, for who will listen to them; null: nobody will. */
  lines: string[] | null = null;
  listener: ((line: string) => void) | null = null;
  grown = false;
  ended = false;

  constructor(source: OutputSource, fd: number, pid: number, pty: boolean) {
    this.source = source;
    this.fd = fd;
    this.pid = pid;
    this.pty = pty;
  }

  /** `alive`: the process that it was made for still runs. */
  state(alive: boolean): CaptureState {
    return {
      ...this.source,
      fd: this.fd,
      pid: alive ? this.pid : 0,
      pty: this.pty,
      held: native.decode(this.held, 0, this.held.length),
      lineOpen: this.open,
    };
  }
}
