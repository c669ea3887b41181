import * as native from "upinit:native";
import type { LogFile } from "./log-file.ts";

export type LineListener = (line: string) => void;

/** All output of one job instance. */
export class JobOutput {
  readonly prefix: Uint8Array;
  readonly file: LogFile;
  /** How many captures write to it. */
  users = 0;
  followers: Set<LineListener> | null;

  constructor(prefix: Uint8Array, file: LogFile, followers: Set<LineListener> | null) {
    this.prefix = prefix;
    this.file = file;
    this.followers = followers;
  }

  /** Whether anybody needs it, or may want to see what it holds. */
  get isEmpty(): boolean {
    return this.users === 0 && this.followers === null && this.file.tail.length === 0;
  }

  /** The last lines, at most `count`, oldest first. The oldest one that is kept may lack its begin. */
  lastLines(count: number): string[] {
    const bytes = this.file.tail.last(this.file.tail.capacity);
    return linesOf(native.decode(bytes, 0, bytes.length)).slice(-Math.max(1, count));
  }

  follow(listener: LineListener): void {
    this.followers ??= new Set();
    this.followers.add(listener);
  }

  unfollow(listener: LineListener): void {
    this.followers?.delete(listener);
    if (this.followers?.size === 0) this.followers = null;
  }

  /** The first `length` bytes of the buffer are new. Nothing is decoded while nobody listens. */
  tellFollowers(buffer: Uint8Array, length: number): void {
    if (this.followers === null) return;
    for (const line of linesOf(native.decode(buffer, 0, length))) {
      for (const listener of this.followers) listener(line);
    }
  }
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
