import { type Diagnostic, plainLine } from "../config/diagnostics.ts";
import { ConfigurationDirectories } from "../config/directory.ts";
import type { ConfigurationProblem } from "../control/daemon.ts";
import type { JobClass } from "../jobs/job-class.ts";
import type { World } from "../jobs/world.ts";
import type { Log } from "../log/log.ts";
import type { Reactor } from "../runtime/reactor.ts";
import { lacksFeatures, loadFeatures } from "./features.ts";
import type { InitOptions } from "./options.ts";
import { inItsRole, type Roles } from "./roles.ts";

/** How many problems are kept for who asks; all are logged. */
const mostProblems = 1_000;

/** The configuration directories, feeding the world. Problems are logged, and kept until their file is right. */
export class Configuration {
  readonly #directories: ConfigurationDirectories;
  readonly #problems = new Map<string, ConfigurationProblem>();
  readonly #world: World;
  readonly #log: Log;
  readonly #roles: Roles;
  readonly #changed: () => void;
  /** Classes that wait for what they need. */
  readonly #held = new Map<string, JobClass>();
  #loading: Promise<void> | null = null;

  /** `changed` is called when classes came, went or changed. */
  constructor(
    reactor: Reactor,
    sources: readonly string[],
    options: InitOptions,
    world: World,
    log: Log,
    changed: () => void,
  ) {
    this.#changed = changed;
    this.#world = world;
    this.#log = log;
    this.#roles = options;
    const directories = {
      prepend: options.prependConfdirs,
      directories: sources,
      append: options.appendConfdirs,
    };
    this.#directories = new ConfigurationDirectories(reactor, directories, {
      setClass: (jobClass) => this.#setClass(jobClass),
      removeClass: (name) => this.#removeClass(name),
      problem: (diagnostic) => this.#report(diagnostic),
      inform: (text) => log.info(text),
    });
  }

  /** Reads all files, and watches them from then on. What the world has already is kept if it is still there. */
  load(): void {
    this.#directories.expect(this.#world.classes().map(({ jobClass }) => jobClass.name));
    this.#directories.watch();
    this.#directories.load();
  }

  reload(): void {
    this.#problems.clear();
    this.#directories.reload();
  }

  get problems(): readonly ConfigurationProblem[] {
    return [...this.#problems.values()];
  }

  /** Calls at once if all that was read is in force, else when it is. */
  whenReady(then: () => void): void {
    if (this.#loading === null) then();
    else this.#loading.then(then, then);
  }

  #setClass(jobClass: JobClass): void {
    this.#problems.delete(jobClass.path);
    const own = inItsRole(jobClass, this.#roles);
    if (this.#held.size > 0 || lacksFeatures(own)) this.#hold(own);
    else this.#bringIn(own);
  }

  #bringIn(jobClass: JobClass): void {
    this.#world.setClass(jobClass);
    this.#changed();
  }

  /** Until what it needs is loaded; what comes after it waits with it, for files are judged together. */
  #hold(jobClass: JobClass): void {
    this.#held.set(jobClass.name, jobClass);
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
  }

  async #load(): Promise<void> {
    await Promise.resolve();
    try {
      await loadFeatures([...this.#held.values()]);
    } catch (error) {
      this.#log.error(`Jobs cannot be loaded: ${String(error)}`);
    }
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const jobClass of held) this.#bringIn(jobClass);
  }

  #removeClass(name: string): void {
    this.#held.delete(name);
    this.#world.removeClass(name);
    this.#changed();
  }

  #report(diagnostic: Diagnostic): void {
    const { severity, path, line, message } = diagnostic;
    this.#log.write(severity === "error" ? "error" : "warn", plainLine(diagnostic), { file: path });
    if (this.#problems.size < mostProblems) this.#problems.set(path, { path, line, message });
  }
}
