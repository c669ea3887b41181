import { addVariables, expand, setVariable } from "../events/environment.ts";
import { isOnItsWay, isThere } from "./presence.ts";
import type { World } from "./world.ts";

export interface PreviewStep {
  readonly job: string;
  readonly instance: string;
  readonly action: "start" | "stop";
  /** It is started because this job requires it. */
  readonly requiredBy?: string;
}

/** What an event would do, in the order in which it would. */
export interface Preview {
  readonly event: string;
  readonly steps: PreviewStep[];
  /** Jobs of which the event would fulfil a condition in part, and which would hold it. */
  readonly partly: string[];
  /** Jobs that it would start if their instance had a name, and why it has none. */
  readonly refused: { readonly job: string; readonly reason: string }[];
}

/** `emit --dry-run`: what the event itself would start and stop. What follows from that is not looked at. */
export function previewEvent(world: World, name: string, env: readonly string[]): Preview {
  const preview: Preview = { event: name, steps: [], partly: [], refused: [] };
  for (const entry of world.registry.listeningTo(name, env)) {
    const { jobClass, startOn } = entry;
    const stopping = new Set<string>();
    for (const job of entry.instances.values()) {
      const outcome = job.stopOn && outcomeOf(job.stopOn, name, env, job.env);
      if (outcome === "partly") preview.partly.push(jobClass.name);
      if (outcome !== "fulfilled" || job.goal === "stop") continue;
      stopping.add(job.instance);
      preview.steps.push({ job: jobClass.name, instance: job.instance, action: "stop" });
    }
    if (startOn === null) continue;
    const outcome = outcomeOf(startOn, name, env, []);
    if (outcome === "partly") preview.partly.push(jobClass.name);
    if (outcome !== "fulfilled") continue;
    const arriving = startOn.wouldArrive(name, env, []);
    const full = world.environments.ofClass(jobClass);
    const leaves = startOn.contributingLeaves(arriving);
    for (const leaf of leaves) addVariables(full, startOn.arrived[leaf]?.env ?? env);
    setVariable(
      full,
      `UPSTART_EVENTS=${leaves.map((leaf) => startOn.arrived[leaf]?.name ?? name).join(" ")}`,
      true,
    );
    const instance = expand(jobClass.instance, full);
    if (!instance.ok) {
      preview.refused.push({ job: jobClass.name, reason: instance.error });
      continue;
    }
    const existing = entry.instances.get(instance.text);
    if (existing !== undefined && existing.goal !== "stop" && !stopping.has(instance.text)) continue;
    preview.steps.push(...pullsOf(world, jobClass.name, new Set()));
    preview.steps.push({ job: jobClass.name, instance: instance.text, action: "start" });
  }
  return { ...preview, partly: [...new Set(preview.partly)] };
}

/** What the start of a job would start before it, because it or one of these requires it. */
function pullsOf(world: World, name: string, seen: Set<string>): PreviewStep[] {
  const steps: PreviewStep[] = [];
  for (const { job } of world.findClass(name)?.jobClass.requires ?? []) {
    const entry = world.findClass(job);
    if (entry === undefined || seen.has(job) || isThere(entry) || isOnItsWay(entry)) continue;
    seen.add(job);
    steps.push(...pullsOf(world, job, seen), { job, instance: "", action: "start", requiredBy: name });
  }
  return steps;
}

type State = NonNullable<ReturnType<World["classes"]>[number]["startOn"]>;

function outcomeOf(
  condition: State,
  name: string,
  eventEnv: readonly string[],
  env: readonly string[],
): "none" | "partly" | "fulfilled" {
  const arriving = condition.wouldArrive(name, eventEnv, env);
  if (!arriving.includes(true)) return "none";
  return condition.values(arriving).at(-1) === true ? "fulfilled" : "partly";
}
