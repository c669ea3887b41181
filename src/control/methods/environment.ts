import type { Job } from "../../jobs/job.ts";
import type { Call } from "../call.ts";
import { MethodError } from "../errors.ts";
import type { Parameters } from "../protocol.ts";

/** The table of one instance (as its own processes ask), or, null, the one that every job starts with. */
interface Table {
  readonly job?: string | undefined;
  readonly instance?: string | undefined;
}

function instanceOf(call: Call, params: Table | undefined): Job | null {
  if (params?.job === undefined) return null;
  const { world } = call.daemon;
  if (world.findClass(params.job) === undefined) {
    throw new MethodError("UnknownJob", `Unknown job: ${params.job}`);
  }
  const instance = params.instance ?? "";
  const job = world.findJob(params.job, instance);
  if (job === undefined) {
    throw new MethodError("UnknownInstance", `Unknown instance: ${instance} of job ${params.job}`);
  }
  return job;
}

/** The container's jobs start with what the container gave them; only a session init's table may be changed. */
function mayChange(call: Call): void {
  if (!call.daemon.userMode) {
    throw new MethodError("PermissionDenied", "Not permissible to modify PID 1 job environment");
  }
}

function notEmpty(variable: string): void {
  if (variable === "" || variable.startsWith("=")) {
    throw new MethodError("InvalidArgs", "Variable may not be empty string");
  }
}

export function getVariable(call: Call, params: Parameters["get-env"]): { value: string } {
  notEmpty(params.variable);
  const value = call.daemon.world.variable(instanceOf(call, params), params.variable);
  if (value === undefined) throw new MethodError("NoSuchVariable", `No such variable: ${params.variable}`);
  return { value };
}

export function listVariables(call: Call, params: Parameters["list-env"]): string[] {
  return call.daemon.world.variables(instanceOf(call, params)).toSorted();
}

export function setVariables(call: Call, params: Parameters["set-env"]): null {
  mayChange(call);
  const job = instanceOf(call, params);
  for (const entry of params.entries) notEmpty(entry);
  for (const entry of params.entries) {
    call.daemon.world.setVariable(job, entry.includes("=") ? entry : `${entry}=`, params.retain !== true);
  }
  return null;
}

export function unsetVariables(call: Call, params: Parameters["unset-env"]): null {
  mayChange(call);
  const job = instanceOf(call, params);
  for (const variable of params.variables) notEmpty(variable);
  for (const variable of params.variables) call.daemon.world.unsetVariable(job, variable);
  return null;
}

export function resetVariables(call: Call, params: Parameters["reset-env"]): null {
  mayChange(call);
  call.daemon.world.resetVariables(instanceOf(call, params));
  return null;
}
