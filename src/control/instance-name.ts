import { addVariables, expand } from "../events/environment.ts";
import type { JobClass } from "../jobs/job-class.ts";
import type { World } from "../jobs/world.ts";
import { MethodError } from "./errors.ts";

/** The name that an instance has or would have. Throws InvalidArgs when a variable is missing. */
export function instanceName(
  world: World,
  jobClass: JobClass,
  params: { readonly env?: string[] | undefined; readonly instance?: string | undefined },
): string {
  if (params.instance !== undefined) return params.instance;
  const env = world.environments.ofClass(jobClass);
  addVariables(env, params.env ?? []);
  const name = expand(jobClass.instance, env);
  if (!name.ok) throw new MethodError("InvalidArgs", name.error);
  return name.text;
}
