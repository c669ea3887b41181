import * as native from "upinit:native";
import { EACCES, EINTR, ELOOP, ENOENT, ENOSPC, EPERM, EROFS } from "../runtime/errno.ts";
import { Tail } from "./tail.ts";

const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

const logMode = 0o640;
/** A log file is put aside when it is this large. */
const rotationSize = 10 * 1024 * 1024;
/** How far it may grow beyond that to end with a whole line. */
const rotationSlack = 1024 * 1024;
const keptFiles = 5;
/** What is kept of a job's output, for `initctl log` and for a log file that can't be opened yet. */
export const tailSize = 8 * 1024;
/** What is kept for a file system that is read-only now and will hardly stay so. */
const heldBackSize = 64 * 1024;

const newline = 10;

/** Says what is wrong with a log file, once a reason. `expected`: nothing that anybody has to act on. */
export type LogFileComplaint = (text: string, expected: boolean) => void;

/**
 * The log file of one job instance (docs/upstart.md#77-log-files): made at the first byte, opened again after a
 * deletion, rotated by size. What can't be written yet is held back, as far as the tail reaches, and comes before the
 * next output.
 */
export class LogFile {
  readonly path: string;
  readonly tail = new Tail(tailSize);
  readonly #complain: LogFileComplaint;
  #fd = -1;
  #size = 0;
  #atLineStart = true;
  /** How many of the tail's last bytes are in no file. */
  #heldBack = 0;
  #openError = 0;
  #complainedOf = 0;

  /** `path` null: there is no file, only the tail. */
  constructor(path: string | null, complain: LogFileComplaint) {
    this.path = path ?? "";
    this.#complain = complain;
  }

  /** How many bytes wait for their file. */
  get heldBack(): number {
    return this.#heldBack;
  }

  /** Whether what is held back may find its file later, when the file system gets writable. */
  get mayBecomeWritable(): boolean {
    return this.#openError === EROFS || this.#openError === EPERM || this.#openError === EACCES;
  }

  write(from: Uint8Array, offset: number, length: number): void {
    const open = this.path !== "" && this.#isOpen();
    if (open) {
      this.#writeHeldBack();
      this.#writeAndRotate(from, offset, length);
    } else if (this.path !== "" && this.mayBecomeWritable) {
      this.tail.resize(heldBackSize);
    }
    this.tail.append(from, offset, length);
    if (!open && this.path !== "") this.#heldBack = Math.min(this.#heldBack + length, this.tail.length);
  }

  /** Tries again to write what is held back. */
  writeHeldBack(): void {
    if (this.#heldBack > 0 && this.#isOpen()) this.#writeHeldBack();
  }

  /** No process of the job writes any more. `forget`: what is held back is given up, as Upstart does. */
  close(forget: boolean): void {
    if (this.#fd >= 0) native.close(this.#fd);
    this.#fd = -1;
    if (forget) this.#heldBack = 0;
  }

  /** Takes over what another one of the same file held back (re-exec). */
  restore(bytes: Uint8Array, heldBack: number): void {
    if (bytes.length > tailSize) this.tail.resize(heldBackSize);
    this.tail.append(bytes, 0, bytes.length);
    this.#heldBack = Math.min(heldBack, this.tail.length);
  }

  #writeHeldBack(): void {
    if (this.#heldBack === 0) return;
    const bytes = this.tail.last(this.#heldBack);
    this.#heldBack = 0;
    this.tail.resize(tailSize);
    this.#writeOut(bytes, 0, bytes.length);
  }

  /** A file that is large enough is put aside where its last line ends. */
  #writeAndRotate(from: Uint8Array, offset: number, length: number): void {
    if (this.#size < rotationSize) {
      this.#writeOut(from, offset, length);
      return;
    }
    const end = native.indexOfByte(from, newline, offset, length);
    if (end < 0 && this.#size < rotationSize + rotationSlack) {
      this.#writeOut(from, offset, length);
      return;
    }
    const first = end < 0 ? 0 : end + 1 - offset;
    this.#writeOut(from, offset, first);
    this.#rotate();
    if (this.#isOpen()) this.#writeOut(from, offset + first, length - first);
  }

  /** A full disk makes the output be lost, as in Upstart; the job goes on. */
  #writeOut(from: Uint8Array, offset: number, length: number): void {
    let done = 0;
    while (done < length) {
      const written = native.write(this.#fd, from, offset + done, length - done);
      if (written === -EINTR) continue;
      if (written <= 0) {
        this.#complainOnce(written === 0 ? ENOSPC : -written, "write");
        break;
      }
      done += written;
    }
    this.#size += done;
    if (done > 0) this.#atLineStart = from[offset + done - 1] === newline;
  }

  /** Makes sure that there is an open file which has a name and room. */
  #isOpen(): boolean {
    if (this.#fd >= 0) {
      const stat = native.fstat(this.#fd);
      const links = typeof stat === "number" ? 0 : (stat[7] ?? 0);
      if (links === 0) this.#closeFile();
      else if (
        this.#size >= rotationSize &&
        (this.#atLineStart || this.#size >= rotationSize + rotationSlack)
      ) {
        this.#rotate();
      }
    }
    if (this.#fd < 0) this.#open();
    return this.#fd >= 0;
  }

  /**
   * The name is not followed if it is a link; what is no ordinary file, or has a second name that may lie anywhere,
   * is refused: the directory may belong to somebody who is not root.
   */
  #open(): void {
    const flags =
      native.O_WRONLY |
      native.O_CREAT |
      native.O_APPEND |
      native.O_NOFOLLOW |
      native.O_NONBLOCK |
      native.O_NOCTTY;
    const before = native.umask(0);
    const fd = native.open(this.path, flags, logMode);
    native.umask(before);
    if (fd < 0) {
      this.#openError = -fd;
      if (fd !== -ENOENT) this.#complainOnce(-fd, "open");
      return;
    }
    const stat = native.fstat(fd);
    if (typeof stat === "number" || ((stat[0] ?? 0) & S_IFMT) !== S_IFREG || (stat[7] ?? 0) !== 1) {
      native.close(fd);
      this.#openError = ELOOP;
      this.#complainOnce(ELOOP, "open");
      return;
    }
    this.#openError = 0;
    this.#fd = fd;
    this.#size = stat[1] ?? 0;
    this.#atLineStart = true;
  }

  #rotate(): void {
    for (let number = keptFiles - 1; number >= 1; number -= 1) {
      native.rename(`${this.path}.${number}`, `${this.path}.${number + 1}`);
    }
    const result = native.rename(this.path, `${this.path}.1`);
    if (result < 0) {
      this.#complainOnce(-result, "rotate");
      this.#size = 0;
      return;
    }
    this.#closeFile();
  }

  #closeFile(): void {
    native.close(this.#fd);
    this.#fd = -1;
  }

  #complainOnce(errno: number, doing: string): void {
    if (this.#complainedOf === errno) return;
    this.#complainedOf = errno;
    const reason = errno === ELOOP ? "it is a link or no ordinary file" : native.errorText(errno);
    this.#complain(`Failed to ${doing} log file ${this.path}: ${reason}`, this.mayBecomeWritable);
  }
}
