/**
 * The events of a boot, one after the other (docs/design.md#7-boot, docs/upstart.md#84-boot). In a virtual machine
 * mountall, ifupdown and rc-sysinit emit most of them; in a container nobody does, so PID 1 does it itself.
 */
export interface BootEvent {
  readonly name: string;
  readonly env: readonly string[];
}

export interface BootFacts {
  /** null: no event at all (`--no-startup-event`). */
  readonly startupEvent: string | null;
  /** A session init emits its startup event and nothing else. */
  readonly session: boolean;
  /** What runs this container, for `container CONTAINER=…`. */
  readonly container: string;
  /** Network interfaces that are up. */
  readonly interfaces: readonly string[];
  /** Whether a loaded class `emits` this event and so takes care of it. */
  readonly isLeftToJobs: (event: string) => boolean;
}

/** The run level that a container boots into, as rc-sysinit's default was. */
export const bootRunlevel = "2";

/** The boot events in order, less those that a job emits. */
export function bootEvents(facts: BootFacts): BootEvent[] {
  if (facts.startupEvent === null) return [];
  const startup = { name: facts.startupEvent, env: [] };
  if (facts.session) return [startup];
  const platform: BootEvent[] = [
    ...["virtual-filesystems", "local-filesystems", "remote-filesystems", "all-swaps", "filesystem"].map(
      (name) => ({
        name,
        env: [],
      }),
    ),
    { name: "container", env: [`CONTAINER=${facts.container}`] },
    ...facts.interfaces.map((name) => ({ name: "net-device-up", env: [`IFACE=${name}`] })),
    { name: "static-network-up", env: [] },
    { name: "runlevel", env: [`RUNLEVEL=${bootRunlevel}`, "PREVLEVEL=N"] },
  ];
  return [startup, ...platform.filter((event) => !facts.isLeftToJobs(event.name))];
}

/** How the sequence reaches the world: emit an event, and say so once no job instance blocks it any more. */
export type EmitAndWait = (event: BootEvent, finished: (failed: boolean) => void) => void;

/** Emits the boot events, each when no job instance blocks the one before it. */
export class BootSequence {
  readonly #events: readonly BootEvent[];
  readonly #emit: EmitAndWait;
  readonly #finished: (failed: boolean) => void;
  #next = 0;
  #failed = false;
  #abandoned = false;

  constructor(events: readonly BootEvent[], emit: EmitAndWait, finished: (failed: boolean) => void) {
    this.#events = events;
    this.#emit = emit;
    this.#finished = finished;
  }

  /** The event that the boot waits for; null before the first, and when all is done. */
  get current(): BootEvent | null {
    return this.#events[this.#next - 1] ?? null;
  }

  /** Goes on with the next event; called once to begin. */
  advance(): void {
    if (this.#abandoned) return;
    const event = this.#events[this.#next++];
    if (event === undefined) {
      this.#finished(this.#failed);
      return;
    }
    this.#emit(event, (failed) => {
      this.#failed ||= failed;
      this.advance();
    });
  }

  /** Emits no further event: the container is to stop before its boot was over. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** For a re-exec: how far the boot has come. */
  get position(): number {
    return this.#next;
  }
}
