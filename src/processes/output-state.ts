/** What a re-exec hands over of captured output. Texts are bytes as `upinit:native` has them. */
export interface OutputsState {
  readonly captures: readonly CaptureState[];
  readonly jobs: readonly JobOutputState[];
  /** Log files of ended jobs that could not be written yet. */
  readonly unflushed: readonly { readonly path: string; readonly text: string }[];
  readonly diskWriteable: boolean;
  /** Absent where an older upinit wrote the state. */
  readonly standardOutput?: StandardOutputState | undefined;
}

/** What the reader of standard output has not taken. */
export interface StandardOutputState {
  readonly pending: string;
  readonly dropping: boolean;
  /** Lines that were dropped and not said yet. */
  readonly dropped: number;
}

export interface JobOutputState {
  /** Display name. */
  readonly name: string;
  /** "" for none. */
  readonly path: string;
  readonly ended: boolean;
  readonly tail: string;
  readonly heldBack: number;
}

/** Whose output it is. */
export interface OutputSource {
  /** Display name. */
  readonly name: string;
  readonly className: string;
  readonly instance: string;
}

export interface CaptureState extends OutputSource {
  readonly fd: number;
  /** 0 when the process has ended and others hold its output. */
  readonly pid: number;
  readonly pty: boolean;
  readonly held: string;
  readonly lineOpen: boolean;
}
