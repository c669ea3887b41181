import type { ClassEntry, JobRegistry } from "./job-registry.ts";
import { type RequirementFault, requirementFaults, requirementsOf } from "./requirement-faults.ts";

/** Who needs whom, by the names of classes: `requires` and `after` of all that is loaded. */
export class RequirementGraph {
  /** By the name that a stanza names: the classes that have it. */
  readonly #dependents = new Map<string, ClassEntry[]>();
  readonly #faults: ReadonlyMap<string, RequirementFault>;
  /** The classes that were in force. */
  readonly #all: readonly ClassEntry[];

  constructor(registry: JobRegistry) {
    this.#all = registry.all();
    for (const entry of this.#all) {
      for (const name of requirementsOf(entry.jobClass)) {
        const known = this.#dependents.get(name);
        if (known === undefined) this.#dependents.set(name, [entry]);
        else known.push(entry);
      }
    }
    this.#faults = requirementFaults(this.#all.map(({ jobClass }) => jobClass));
  }

  /** Whether the same classes are in force still; the registry makes a new list for each change. */
  isOf(registry: JobRegistry): boolean {
    return this.#all === registry.all();
  }

  /** Classes whose `requires` or `after` names this one. */
  dependentsOf(name: string): readonly ClassEntry[] {
    return this.#dependents.get(name) ?? [];
  }

  /** Why no instance of this class can start: it is part of a cycle, or requires what does not exist. */
  faultOf(name: string): string | undefined {
    return this.#faults.get(name)?.text;
  }
}
