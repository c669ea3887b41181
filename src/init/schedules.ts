import type { World } from "../jobs/world.ts";
import type { Log } from "../log/log.ts";
import type { Reactor } from "../runtime/reactor.ts";
import type { Scheduler } from "./scheduler.ts";

/** The scheduler, loaded when the first class with a schedule is there: most containers have none. */
export class Schedules {
  readonly #reactor: Reactor;
  readonly #world: World;
  readonly #log: Log;
  readonly #environment: readonly string[];
  #scheduler: Scheduler | null = null;
  #isAsked = false;

  constructor(reactor: Reactor, world: World, log: Log, environment: readonly string[]) {
    this.#reactor = reactor;
    this.#world = world;
    this.#log = log;
    this.#environment = environment;
  }

  /** To be called for each change; all of one turn are looked at together. */
  classesChanged(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#reactor.after(0, () => {
      this.#isAsked = false;
      this.#refresh();
    });
  }

  #refresh(): void {
    if (this.#scheduler !== null) {
      this.#scheduler.refresh();
      return;
    }
    if (!this.#world.classes().some(({ jobClass }) => jobClass.schedules.length > 0)) return;
    import("./scheduler.ts")
      .then(({ Scheduler }) => {
        const tz = this.#environment.find((entry) => entry.startsWith("TZ="))?.slice(3) ?? null;
        this.#scheduler ??= new Scheduler(this.#reactor, this.#world, this.#log, tz);
        this.#scheduler.refresh();
      })
      .catch((error: unknown) => this.#log.error(`Schedules cannot be followed: ${String(error)}`));
  }
}
