import { describe, expect, it } from "vitest";
import { methods } from "../../../src/control/methods.ts";
import { methodNames } from "../../../src/control/protocol.ts";
import { somebody, VirtualControl } from "../../support/virtual-control.ts";

/** Parameters that each method takes; none for those that need none. */
const params: Readonly<Record<string, unknown>> = {
  status: { job: "a" },
  usage: { job: "a" },
  wait: { job: "a", for: "stopped" },
  start: { job: "a" },
  stop: { job: "a" },
  restart: { job: "a" },
  reload: { job: "a" },
  signal: { job: "a", signal: 15 },
  emit: { event: "x" },
  preview: { event: "x" },
  surroundings: { job: "a" },
  dependents: { job: "a" },
  scale: { job: "a", count: 2 },
  roll: { job: "a" },
  "get-env": { variable: "PATH" },
  "set-env": { entries: ["A=1"] },
  "unset-env": { variables: ["A"] },
  "notify-dbus-address": { address: "x" },
  "notify-cgroup-manager-address": { address: "x" },
  explain: { job: "a" },
  log: { job: "a" },
  "change-runlevel": { level: "3" },
  shutdown: {},
};

/** docs/design.md#14-permissions: what others may ask, and nothing else. */
const forAnyone = [
  "version",
  "list",
  "overview",
  "dependents",
  "status",
  "usage",
  "show-config",
  "health",
  "wait",
  "wait-boot",
  "log-priority",
];

describe("somebody who is neither root nor upinit's own user", () => {
  it.each(forAnyone)("may ask for %s", (method) => {
    const client = new VirtualControl({ a: "exec sleep" }).connect(somebody);
    expect(client.ask(method, params[method])).toHaveProperty("result");
  });

  it.each(methodNames.filter((method) => !forAnyone.includes(method)))("may not ask for %s", (method) => {
    const control = new VirtualControl({ a: "start on x\nexec sleep" });
    const answer = control.connect(somebody).ask(method, params[method]);
    expect(answer?.error).toMatchObject({ code: 8, data: { name: "PermissionDenied" } });
    expect(answer?.error?.message).toMatch(/^You do not have permission to /);
    expect([control.machine.ran, control.stops, control.reloads, control.held]).toEqual([[], [], 0, 0]);
  });

  it("may read the log priority and not set it", () => {
    const control = new VirtualControl();
    const client = control.connect(somebody);
    expect(client.result("log-priority")).toEqual({ priority: "message" });
    expect(client.ask("log-priority", { priority: "debug" })?.error?.message).toBe(
      "You do not have permission to set log priority",
    );
    expect(control.priority).toBe("message");
  });

  it("is told what he may not in Upstart's words", () => {
    const client = new VirtualControl({ a: "exec sleep" }).connect(somebody);
    const told = ["start", "emit", "reload-configuration", "get-env", "set-env", "reexec"].map(
      (method) => client.ask(method, params[method])?.error?.message,
    );
    expect(told).toEqual(
      [
        "modify job: a",
        "emit an event",
        "reload configuration",
        "query job environment",
        "modify job environment",
        "request restart",
      ].map((what) => `You do not have permission to ${what}`),
    );
  });
});

it("has a handler for every method that has parameters, and no other", () => {
  expect([...methods.keys()]).toEqual(methodNames);
});
