import * as native from "upinit:native";
import type { JobClass } from "../jobs/job-class.ts";
import { EFBIG, EINVAL, ENOENT, ENOTDIR } from "../runtime/errno.ts";
import { type Diagnostic, type FileErrorCode, fileProblem } from "./diagnostics.ts";
import { isDirectory, isIgnoredDirectory, isRegularFile, jobNameOf } from "./has-jobs.ts";
import { parseJob } from "./parser.ts";

/**
 * The configuration directories: which files make which jobs (docs/upstart.md#26-files), and keeping up with their
 * changes (docs/upstart.md#27-changes).
 *
 * All of it comes down to `#refresh(name)`: look at the files that may define this job now, and tell the sink. Load,
 * reload and every change seen by inotify only decide for which names. So nothing is held but the names, and what
 * happened in which order between two looks doesn't matter.
 *
 * `/etc/init.conf` is not looked at: in Upstart any stanza in it is an error, so it has no effect.
 */

/** Largest file that is read, in bytes. */
export const largestFile = 1024 * 1024;

export interface ConfigurationSink {
  /** A class to add, or to take the place of the one of its name. */
  setClass(jobClass: JobClass): void;
  /** No file defines this class any more. */
  removeClass(name: string): void;
  /** Something is wrong with a file or a directory; the rest is loaded all the same. */
  problem(diagnostic: Diagnostic): void;
  /** For the log, at `info`. */
  inform?(text: string): void;
}

export interface DirectoryOptions {
  /** `--prepend-confdir`. */
  readonly prepend?: readonly string[];
  /** `--confdir`; one after the other, the first that has a job owns its name. */
  readonly directories: readonly string[];
  /** `--append-confdir`. */
  readonly append?: readonly string[];
}

/** What is needed of the reactor. */
export interface Watcher {
  watch(fd: number, events: number, handler: (events: number) => void): { close(): void };
  after(milliseconds: number, callback: () => void): { cancel(): void };
}

/** A pass over all files that is under way. */
interface Pass {
  readonly names: Iterator<string>;
  /** The names that it has come by so far. */
  readonly found: Set<string>;
}

/** How long a reload keeps everything else waiting, in milliseconds; what is left then is read in later turns. */
const longestTurn = 100;

/** A directory that is watched: its place in the order of sources, and its path inside the source ("" or "a/b/"). */
interface WatchedDirectory {
  readonly source: number;
  readonly prefix: string;
}

/** What a burst of changes adds up to. */
interface Changes {
  readonly names: Set<string>;
  everything: boolean;
}

const typeMask = 0o170000;
const regularFile = 0o100000;
const symbolicLink = 0o120000;
const overrideExtension = ".override";

export class ConfigurationDirectories {
  readonly #sources: readonly string[];
  readonly #sink: ConfigurationSink;
  readonly #reactor: Watcher | null;
  /** Every class that the sink has from here. */
  readonly #known = new Set<string>();
  #pass: Pass | null = null;
  #inotify = -1;
  readonly #watched = new Map<number, WatchedDirectory>();

  /** `reactor` null: nothing is watched, whatever happens. */
  constructor(reactor: Watcher | null, options: DirectoryOptions, sink: ConfigurationSink) {
    this.#reactor = reactor;
    this.#sink = sink;
    const all = [...(options.prepend ?? []), ...options.directories, ...(options.append ?? [])];
    this.#sources = all.map((path) => (path.length > 1 ? path.replace(/\/+$/, "") : path));
  }

  /** Classes that the sink has from before a re-exec: those that no file defines any more are removed by `load`. */
  expect(names: Iterable<string>): void {
    for (const name of names) this.#known.add(name);
  }

  /** Reads all directories. A missing one is no problem. */
  load(): void {
    this.#startPass();
    this.#continuePass(Number.POSITIVE_INFINITY);
  }

  /**
   * Reads everything again (SIGHUP, `reload-configuration`), and watches directories that are new. With some hundred
   * files it is done when this returns; thousands are read on in the turns that follow.
   */
  reload(): void {
    if (this.#inotify >= 0) {
      for (const watch of this.#watched.keys()) native.inotifyRemove(this.#inotify, watch);
      this.#watched.clear();
      this.#watchSources();
    }
    this.#startPass();
    this.#continuePass(this.#reactor === null ? Number.POSITIVE_INFINITY : longestTurn);
  }

  /**
   * Watches all directories for changes from now on. Best called before `load`, so that no change falls between the
   * two. Without inotify there is one warning, and explicit reloads are left.
   */
  watch(): void {
    const reactor = this.#reactor;
    if (reactor === null || this.#inotify >= 0) return;
    const fd = native.inotifyOpen();
    if (fd < 0) {
      this.#sink.problem(
        fileProblem(
          "watch",
          this.#sources[0] ?? "",
          `Unable to watch configuration: ${native.errorText(-fd)}`,
          "warning",
        ),
      );
      return;
    }
    this.#inotify = fd;
    this.#watchSources();
    reactor.watch(fd, native.EPOLLIN, () => this.#noticeChanges());
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins a pass over all files; one that is under way is given up for it. */
  #startPass(): void {
    this.#pass = { names: this.#allNames(), found: new Set() };
  }

  /** Goes on with the pass for so many milliseconds, and sees to it that the rest follows. */
  #continuePass(milliseconds: number): void {
    const pass = this.#pass;
    if (pass === null) return;
    const deadline = native.monotonicTime() + milliseconds;
    for (let next = pass.names.next(); next.done !== true; next = pass.names.next()) {
      const name = next.value;
      // One refresh looks into all sources.
      if (pass.found.has(name)) continue;
      pass.found.add(name);
      this.#refresh(name);
      if (native.monotonicTime() < deadline) continue;
      this.#reactor?.after(0, () => {
        if (this.#pass === pass) this.#continuePass(milliseconds);
      });
      return;
    }
    this.#pass = null;
    // What the pass didn't come by is gone, or has only just come.
    for (const name of [...this.#known]) {
      if (!pass.found.has(name)) this.#refresh(name);
    }
  }

  *#allNames(): Generator<string> {
    for (const [source, path] of this.#sources.entries()) {
      this.#sink.inform?.(`Loading configuration from ${path}`);
      yield* this.#scan(source, "");
    }
  }

  /** The name of each job that a file below this directory of a source would define, sorted. */
  *#scan(source: number, start: string): Generator<string> {
    const waiting = [start];
    for (let prefix = waiting.pop(); prefix !== undefined; prefix = waiting.pop()) {
      const path = this.#pathOf(source, prefix);
      const listing = native.readDirectory(path);
      if (typeof listing === "number") {
        if (listing !== -ENOENT) this.#unreadable(path, -listing);
        continue;
      }
      const { names, types } = listing;
      const below: string[] = [];
      for (let index = 0; index < names.length; index++) {
        const name = names[index] as string;
        const job = jobNameOf(name);
        if (job !== null) yield prefix + job;
        else if (name.endsWith(overrideExtension)) continue;
        if (!isDirectory(`${path}/${name}`, types[index] as number) || isIgnoredDirectory(name)) continue;
        below.push(`${prefix}${name}/`);
      }
      for (let index = below.length - 1; index >= 0; index--) waiting.push(below[index] as string);
    }
  }

  /** Looks at the files of this name in all sources and tells the sink what there is now. */
  #refresh(name: string): void {
    for (let source = 0; source < this.#sources.length; source++) {
      const jobClass = this.#read(source, name);
      if (jobClass === null) continue;
      this.#known.add(name);
      this.#sink.setClass(jobClass);
      return;
    }
    if (this.#known.delete(name)) this.#sink.removeClass(name);
  }

  /** The class that this source defines, with its override; null if it has none, or a broken one. */
  #read(source: number, name: string): JobClass | null {
    const path = `${this.#pathOf(source, name)}.conf`;
    const text = this.#readText(path);
    if (text === null) return null;
    const result = parseJob(text, { name, path, codeUnits: native.codeUnits });
    if (!result.ok) {
      this.#sink.problem(result.diagnostic);
      return null;
    }
    return this.#withOverride(result.jobClass, source, name);
  }

  /** The first override in the sources up to this one is laid upon the class; a bad one is left out whole. */
  #withOverride(jobClass: JobClass, last: number, name: string): JobClass {
    for (let source = 0; source <= last; source++) {
      const path = `${this.#pathOf(source, name)}${overrideExtension}`;
      const found = native.stat(path, false);
      if (typeof found === "number") continue;
      const type = (found[0] as number) & typeMask;
      if (type === symbolicLink) {
        const message = "Ignored, an override can't be a symbolic link";
        this.#sink.problem(fileProblem("ignored-override", path, message, "warning"));
      }
      if (type !== regularFile) continue;
      const text = this.#readText(path);
      if (text === null) return jobClass;
      const result = parseJob(text, { name, path, base: jobClass, codeUnits: native.codeUnits });
      if (result.ok) return result.jobClass;
      this.#sink.problem(result.diagnostic);
      return jobClass;
    }
    return jobClass;
  }

  /** The text of a configuration file; null if there is none, or it can't be read, which is then a problem. */
  #readText(path: string): string | null {
    const text = native.readFile(path, largestFile);
    if (typeof text === "string") return text;
    // A broken link is like no file at all.
    if (text === -ENOENT || text === -ENOTDIR) return null;
    this.#sink.problem(readProblem(path, -text));
    return null;
  }

  #unreadable(path: string, errno: number): void {
    const message = `Unable to load configuration: ${native.errorText(errno)}`;
    this.#sink.problem(fileProblem("unreadable", path, message));
  }

  /** Path of something in a source, without a slash at its end. */
  #pathOf(source: number, inside: string): string {
    const root = this.#sources[source] as string;
    if (inside === "") return root;
    return `${root === "/" ? "" : root}/${inside.endsWith("/") ? inside.slice(0, -1) : inside}`;
  }

  // ── watching ────────────────────────────────────────────────────────────────────────────────────────────────────

  #watchSources(): void {
    for (const source of this.#sources.keys()) this.#watchBelow(source, "");
  }

  /** Watches a directory and those below it. */
  #watchBelow(source: number, start: string): void {
    const mask =
      native.IN_CREATE |
      native.IN_CLOSE_WRITE |
      native.IN_DELETE |
      native.IN_MOVED_FROM |
      native.IN_MOVED_TO |
      native.IN_DELETE_SELF |
      native.IN_MOVE_SELF |
      native.IN_ONLYDIR;
    const waiting = [start];
    for (let prefix = waiting.pop(); prefix !== undefined; prefix = waiting.pop()) {
      const path = this.#pathOf(source, prefix);
      // A link below a source is not followed; the source itself may be one.
      const watch = native.inotifyAdd(
        this.#inotify,
        path,
        prefix === "" ? mask : mask | native.IN_DONT_FOLLOW,
      );
      if (watch < 0) {
        if (watch === -ENOENT || watch === -ENOTDIR) continue;
        const message = `Unable to watch configuration directory: ${native.errorText(-watch)}`;
        this.#sink.problem(fileProblem("watch", path, message, "warning"));
        return;
      }
      this.#watched.set(watch, { source, prefix });
      const listing = native.readDirectory(path);
      if (typeof listing === "number") continue;
      for (const [index, name] of listing.names.entries()) {
        const isTree = isDirectory(`${path}/${name}`, listing.types[index] as number);
        if (isTree && !isIgnoredDirectory(name)) waiting.push(`${prefix}${name}/`);
      }
    }
  }

  #noticeChanges(): void {
    const events = native.inotifyRead(this.#inotify);
    if (typeof events === "number") return;
    const changes: Changes = { names: new Set(), everything: false };
    for (const event of events) this.#noticeChange(event.watch, event.mask, event.name, changes);
    if (changes.everything) this.reload();
    else for (const name of changes.names) this.#refresh(name);
  }

  #noticeChange(watch: number, mask: number, name: string, changes: Changes): void {
    if ((mask & native.IN_Q_OVERFLOW) !== 0) {
      changes.everything = true;
      return;
    }
    const directory = this.#watched.get(watch);
    if (directory === undefined) return;
    const { source, prefix } = directory;
    if ((mask & native.IN_IGNORED) !== 0) this.#watched.delete(watch);
    else if ((mask & (native.IN_DELETE_SELF | native.IN_MOVE_SELF)) !== 0) {
      if (prefix === "") this.#sourceGone(source);
    } else if ((mask & native.IN_ISDIR) !== 0) this.#noticeDirectory(source, prefix, name, mask, changes);
    // A ConfigMap is updated by renaming its link `..data`, to which all its files point.
    else if (name === "..data") changes.everything = true;
    else this.#noticeFile(source, prefix, name, mask, changes);
  }

  #noticeFile(source: number, prefix: string, name: string, mask: number, changes: Changes): void {
    const job = name.endsWith(overrideExtension) ? name.slice(0, -overrideExtension.length) : jobNameOf(name);
    if (job === null || job === "") return;
    // A new file is empty until it is closed, unless it came into being as a whole.
    const isWhole = (mask & native.IN_CREATE) === 0 || isComplete(`${this.#pathOf(source, prefix)}/${name}`);
    if (isWhole) changes.names.add(prefix + job);
  }

  #noticeDirectory(source: number, prefix: string, name: string, mask: number, changes: Changes): void {
    if (isIgnoredDirectory(name)) return;
    const inside = `${prefix}${name}/`;
    if ((mask & (native.IN_CREATE | native.IN_MOVED_TO)) !== 0) {
      this.#watchBelow(source, inside);
      for (const job of this.#scan(source, inside)) changes.names.add(job);
      return;
    }
    for (const [watch, directory] of this.#watched) {
      if (directory.source !== source || !directory.prefix.startsWith(inside)) continue;
      native.inotifyRemove(this.#inotify, watch);
      this.#watched.delete(watch);
    }
    for (const known of this.#known) {
      if (known.startsWith(inside)) changes.names.add(known);
    }
  }

  #sourceGone(source: number): void {
    const path = this.#pathOf(source, "");
    this.#sink.problem(fileProblem("watch", path, "Configuration directory deleted", "warning"));
  }
}

/** A file that appeared with all of its contents: a link to one. */
function isComplete(path: string): boolean {
  const found = native.stat(path, false);
  if (typeof found === "number") return false;
  const isLink = ((found[0] as number) & typeMask) === symbolicLink;
  return (isLink || (found[7] as number) > 1) && isRegularFile(path);
}

/** Why a file could not be read, in Upstart's frame (docs/upstart.md#24-errors). */
export function readProblem(path: string, errno: number): Diagnostic {
  const [code, reason]: [FileErrorCode, string] =
    errno === EFBIG
      ? ["too-large", `File too large, expected at most ${largestFile} bytes`]
      : errno === EINVAL
        ? ["not-a-file", "Not a regular file"]
        : ["unreadable", native.errorText(errno)];
  return fileProblem(code, path, `Error while loading configuration file: ${reason}`);
}
