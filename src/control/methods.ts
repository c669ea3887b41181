import { type Call, later } from "./call.ts";
import { MethodError } from "./errors.ts";
import * as environment from "./methods/environment.ts";
import * as jobs from "./methods/jobs.ts";
import * as observation from "./methods/observation.ts";
import { surroundings } from "./methods/surroundings.ts";
import * as system from "./methods/system.ts";
import { complaint, type MethodName, methodNames, type Parameters, parametersOf } from "./protocol.ts";
import type { Handler } from "./session.ts";

/** Does what is asked and returns the answer, or `later` if the call will be answered from elsewhere. */
type Run<Name extends MethodName> = (call: Call, params: Parameters[Name]) => unknown;

interface Method<Name extends MethodName> {
  readonly run: Run<Name>;
  /** What somebody who is no owner is told he may not; absent if anyone may. null: these parameters he may. */
  readonly denied?: (params: Parameters[Name]) => string | null;
}

const modifyJob = (params: { readonly job: string }): string => `modify job: ${params.job}`;
const always = (what: string) => (): string => what;

/**
 * Every method there is (docs/design.md#14-permissions): without `denied` anyone may call it, all others are for owners
 * only. Environment, output and explanations hold secrets, so they are not for anyone.
 */
const table: { readonly [Name in MethodName]: Method<Name> } = {
  version: { run: system.version },
  list: { run: jobs.list },
  overview: { run: observation.overview },
  status: { run: jobs.status },
  usage: { run: jobs.usage },
  "show-config": { run: jobs.showConfig },
  health: { run: observation.health },
  wait: { run: observation.wait },
  "log-priority": {
    run: system.logPriority,
    denied: (params) => (params?.priority === undefined ? null : "set log priority"),
  },

  start: { run: jobs.start, denied: modifyJob },
  stop: { run: jobs.stop, denied: modifyJob },
  restart: { run: jobs.restart, denied: modifyJob },
  scale: { run: jobs.scale, denied: modifyJob },
  roll: { run: jobs.roll, denied: modifyJob },
  dependents: { run: jobs.dependents },
  reload: { run: jobs.reload, denied: modifyJob },
  signal: { run: jobs.signal, denied: modifyJob },
  emit: { run: jobs.emit, denied: always("emit an event") },
  preview: { run: jobs.preview, denied: always("emit an event") },
  "reload-configuration": { run: system.reloadConfiguration, denied: always("reload configuration") },
  surroundings: { run: surroundings, denied: modifyJob },
  update: { run: jobs.update, denied: always("reload configuration") },
  "get-env": { run: environment.getVariable, denied: always("query job environment") },
  "list-env": { run: environment.listVariables, denied: always("query job environment") },
  "set-env": { run: environment.setVariables, denied: always("modify job environment") },
  "unset-env": { run: environment.unsetVariables, denied: always("modify job environment") },
  "reset-env": { run: environment.resetVariables, denied: always("modify job environment") },
  "notify-disk-writeable": {
    run: system.notifyDiskWriteable,
    denied: always("notify disk is writeable"),
  },
  "notify-dbus-address": { run: system.notifyDbusAddress, denied: always("notify D-Bus address") },
  "notify-cgroup-manager-address": {
    run: system.notifyCgroupManagerAddress,
    denied: always("notify cgroup manager address"),
  },
  "reset-failed": {
    run: observation.resetFailed,
    denied: (params) => (params?.job === undefined ? "reset failures" : modifyJob({ job: params.job })),
  },
  "wait-boot": { run: observation.waitBoot },
  explain: { run: observation.explain, denied: (params) => `query job: ${params.job}` },
  log: { run: observation.log, denied: (params) => `read the output of job: ${params.job}` },
  watch: { run: observation.watch, denied: always("watch events") },
  boot: { run: observation.boot, denied: always("query the boot") },
  top: { run: observation.top, denied: always("request state") },
  runlevel: { run: system.runlevel, denied: always("query the runlevel") },
  "change-runlevel": { run: system.changeRunlevel, denied: always("change the runlevel") },
  shutdown: { run: system.shutdown, denied: always("request shutdown") },
  reexec: { run: system.reexec, denied: always("request restart") },
};

/** Checks parameters and rights, then runs the method. */
function handler<Name extends MethodName>(name: Name, method: Method<Name>): Handler {
  return (call, params) => {
    const parsed = parametersOf(name).safeParse(params);
    if (!parsed.success) throw new MethodError("InvalidArgs", complaint(parsed.error));
    // The schema is the one that `Parameters` was made of; TypeScript loses that over a mapped type.
    const checked = parsed.data as Parameters[Name];
    const denied = call.peer.owner ? null : (method.denied?.(checked) ?? null);
    if (denied !== null) {
      throw new MethodError("PermissionDenied", `You do not have permission to ${denied}`);
    }
    return method.run(call, checked);
  };
}

function entry<Name extends MethodName>(name: Name): [string, Handler] {
  return [name, handler(name, table[name])];
}

/** The closed table that requests are dispatched by. */
export const methods: ReadonlyMap<string, Handler> = new Map(methodNames.map((name) => entry(name)));

export { later };
