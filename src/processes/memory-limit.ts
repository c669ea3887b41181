import * as native from "upinit:native";

/** Where a container's own cgroup is, in version 2 and in version 1 (cgroups(7)). */
const places = [
  { events: "/sys/fs/cgroup/memory.events", limit: "/sys/fs/cgroup/memory.max" },
  {
    events: "/sys/fs/cgroup/memory/memory.oom_control",
    limit: "/sys/fs/cgroup/memory/memory.limit_in_bytes",
  },
];
/** Version 1 says "none" by a number of this size. */
const unlimited = 2 ** 60;

/** Tells a SIGKILL of the kernel for lack of memory from one of somebody's. */
export class MemoryLimit {
  readonly #place: (typeof places)[number] | null;
  #kills: number;

  constructor() {
    this.#place = places.find(({ events }) => native.access(events, 0) === 0) ?? null;
    this.#kills = this.#count();
  }

  /**
   * A process was killed by SIGKILL, which upinit did not send. If the kernel has killed for lack of memory since the
   * last one: what to say of it, with the container's limit; else null.
   */
  explainKill(): string | null {
    const kills = this.#count();
    if (kills <= this.#kills) return null;
    this.#kills = kills;
    const limit = Number(this.#read(this.#place?.limit));
    const known = limit > 0 && limit < unlimited;
    return known ? `out of memory (the container's limit is ${megabytes(limit)})` : "out of memory";
  }

  #count(): number {
    const found = /^oom_kill (\d+)/m.exec(this.#read(this.#place?.events));
    return found === null ? 0 : Number(found[1]);
  }

  #read(path: string | undefined): string {
    const text = path === undefined ? "" : native.readPseudoFile(path);
    return typeof text === "string" ? text : "";
  }
}

function megabytes(bytes: number): string {
  const count = bytes / 1024 / 1024;
  return `${Number.isInteger(count) ? count : count.toFixed(1)} MiB`;
}
