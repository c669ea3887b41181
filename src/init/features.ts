/** Loads what only some jobs need: most containers do without, and pay nothing for it. */
import { featuresOf } from "../jobs/features.ts";
import type { JobClass } from "../jobs/job-class.ts";
import type { FeatureModules } from "../jobs/surroundings.ts";

/** What is loaded in this process. */
export interface LoadedFeatures extends FeatureModules {
  prober: typeof import("../processes/prober.ts") | null;
  follower: typeof import("../processes/fork-follower.ts") | null;
}

export const loadedFeatures: LoadedFeatures = {
  levels: null,
  probes: null,
  prober: null,
  follower: null,
};

/** Whether a class needs what is not loaded yet. */
export function lacksFeatures(jobClass: JobClass): boolean {
  return featuresOf(jobClass).some((name) => loadedFeatures[name] === null);
}

/** Loads what these classes need. */
export async function loadFeatures(classes: readonly JobClass[]): Promise<void> {
  const needed = new Set(classes.flatMap(featuresOf));
  if (needed.has("levels")) loadedFeatures.levels ??= await import("../jobs/levels.ts");
  if (needed.has("follower")) loadedFeatures.follower ??= await import("../processes/fork-follower.ts");
  if (!needed.has("probes")) return;
  loadedFeatures.prober ??= await import("../processes/prober.ts");
  loadedFeatures.probes ??= await import("../jobs/probes.ts");
}
