import { describe, expect, it } from "vitest";
import { limits } from "../../../src/control/limits.ts";
import { root, turn, VirtualControl } from "../../support/virtual-control.ts";

const running = { name: "a", instance: "", goal: "start", state: "running" };
const slowStart = { a: "pre-start exec run\nexec sleep", b: "exec sleep" };
const error = (code: number, name: string, message: string, id: unknown = null) => ({
  jsonrpc: "2.0",
  id,
  error: { code, message, data: { name } },
});

describe("messages", () => {
  it("answers with the id of the request", () => {
    const client = new VirtualControl().connect();
    client.session.receive('{"jsonrpc":"2.0","id":"x","method":"list"}');
    client.session.receive('{"jsonrpc":"2.0","id":7,"method":"list","params":{}}');
    client.session.receive('{"jsonrpc":"2.0","id":null,"method":"list"}');
    expect(client.received).toEqual(["x", 7, null].map((id) => ({ jsonrpc: "2.0", id, result: [] })));
  });

  it("does not answer a request without an id", () => {
    const client = new VirtualControl({ b: "exec sleep" }).connect();
    client.session.receive('{"jsonrpc":"2.0","method":"start","params":{"job":"b"}}');
    expect(client.received).toEqual([]);
    expect(client.result("status", { job: "b" })).toMatchObject({ state: "running" });
  });

  it("ignores empty lines", () => {
    const client = new VirtualControl().connect();
    client.session.receive("");
    client.session.receive("  ");
    expect([client.received, client.closed]).toEqual([[], false]);
  });

  it.each(["garbage", "{", "[1,", '"\\', "[".repeat(17), `{"a":${"[".repeat(100_000)}`])(
    "cuts off a client that sends %.20s",
    (line) => {
      const client = new VirtualControl().connect();
      client.session.receive(line);
      expect(client.received).toEqual([error(-32700, "ParseError", "Parse error")]);
      expect(client.closed).toBe(true);
    },
  );

  it.each(["5", '"x"', "null", "true", "[]"])("cuts off a client whose message is %s", (line) => {
    const client = new VirtualControl().connect();
    client.session.receive(line);
    expect(client.received).toEqual([error(-32600, "InvalidRequest", "Invalid request")]);
    expect(client.closed).toBe(true);
  });

  it.each([
    ['{"id":1,"method":"list"}', 1],
    ['{"jsonrpc":"1.0","id":1,"method":"list"}', 1],
    ['{"jsonrpc":"2.0","id":1,"method":5}', 1],
    ['{"jsonrpc":"2.0","id":{},"method":"list"}', null],
  ])("refuses %s and goes on", (line, id) => {
    const client = new VirtualControl().connect();
    client.session.receive(line);
    expect(client.take()).toEqual([error(-32600, "InvalidRequest", "Invalid request", id)]);
    expect(client.result("list")).toEqual([]);
  });

  it("takes brackets in strings for what they are", () => {
    const client = new VirtualControl().connect();
    expect(client.ask("status", { job: `\\"${"[{".repeat(50)}` })?.error?.data["name"]).toBe("UnknownJob");
  });

  it.each(["nope", "__proto__", "constructor", "toString", "hasOwnProperty"])(
    "knows no method %s",
    (method) => {
      const client = new VirtualControl().connect();
      expect(client.ask(method)?.error).toEqual(
        error(-32601, "MethodNotFound", `Method not found: ${method}`).error,
      );
    },
  );

  it("takes the names of an object's own members for job names like others", () => {
    const control = new VirtualControl({ constructor: "exec sleep", __proto__: "exec sleep" });
    const client = control.connect();
    expect(client.ask("status", { job: "__proto__" })?.error?.message).toBe("Unknown job: __proto__");
    expect(client.ask("status", { job: "toString" })?.error?.message).toBe("Unknown job: toString");
    expect(client.result("start", { job: "constructor" })).toMatchObject({
      name: "constructor",
      state: "running",
    });
  });
});

describe("parameters", () => {
  it.each([
    ["status", undefined, "expected object"],
    ["status", {}, "job: expected string"],
    ["status", { job: 5 }, "job: expected string"],
    ["status", { job: "a", env: "x" }, "env: expected array"],
    ["status", { job: "a", env: [1] }, "env: 0: expected string"],
    ["status", { job: "a\0" }, "job: must not hold a NUL byte"],
    ["start", { job: "a", waitt: true }, "unknown parameter waitt"],
    ["start", { job: "a", wait: "no" }, "wait: expected boolean"],
    ["wait", { job: "a", timeout: -1 }, "timeout: at least 0"],
    ["log", { job: "a", lines: 1e9 }, "lines: at most 10000"],
    ["change-runlevel", { level: "9" }, "level: must be one of 0123456S"],
    ["list", [], "expected object"],
  ])("of %s are checked: %j", (method, params, message) => {
    const client = new VirtualControl({ a: "exec sleep" }).connect();
    expect(client.ask(method, params)?.error).toEqual(error(-32602, "InvalidArgs", message).error);
    expect(client.closed).toBe(false);
  });
});

describe("order", () => {
  it("answers the requests of a client one after the other", async () => {
    const control = new VirtualControl(slowStart);
    const client = control.connect();
    expect(client.ask("start", { job: "a" })).toBeUndefined();
    expect(client.ask("status", { job: "b" })).toBeUndefined();
    control.machine.end("a", "pre-start");
    control.settle();
    await turn();
    expect(client.received.map(({ id }) => id)).toEqual([1, 2]);
    expect(client.received[0]?.result).toMatchObject(running);
  });

  it("lets clients not wait for each other", () => {
    const control = new VirtualControl(slowStart);
    control.connect().ask("start", { job: "a" });
    expect(control.connect().result("start", { job: "b" })).toMatchObject({ state: "running" });
  });

  it("reads no further when a client is too far ahead, and goes on afterwards", async () => {
    const control = new VirtualControl(slowStart);
    const client = control.connect();
    client.ask("start", { job: "a" });
    for (let count = 0; count < limits.ahead; count++) client.ask("list");
    expect(client.isReading).toBe(false);
    control.machine.end("a", "pre-start");
    control.settle();
    await turn();
    expect([client.isReading, client.received.length]).toEqual([true, limits.ahead + 1]);
  });

  it("answers nothing more to a client that does not read what it was told", () => {
    const control = new VirtualControl();
    const client = control.connect();
    client.slow = true;
    client.untaken = limits.output + 1;
    expect(client.ask("list")).toBeUndefined();
    client.untaken = 0;
    client.session.drained();
    expect(client.received).toHaveLength(1);
  });
});

describe("batches", () => {
  const one = (id: number | undefined, method: string, params?: unknown) =>
    JSON.stringify({ jsonrpc: "2.0", id, method, params });

  it("are answered together, in order, without those that have no id", () => {
    const client = new VirtualControl({ a: "exec sleep" }).connect();
    client.session.receive(
      `[${one(1, "start", { job: "a" })},${one(undefined, "list")},7,${one(2, "nope")}]`,
    );
    expect(client.lines).toHaveLength(1);
    expect(client.received.map(({ id, error }) => [id, error?.code])).toEqual([
      [1, undefined],
      [null, -32600],
      [2, -32601],
    ]);
  });

  it("wait for what takes its time", async () => {
    const control = new VirtualControl(slowStart);
    const client = control.connect();
    client.session.receive(`[${one(1, "start", { job: "a" })},${one(2, "status", { job: "a" })}]`);
    expect(client.lines).toEqual([]);
    control.machine.end("a", "pre-start");
    control.settle();
    await turn();
    expect(client.received.map(({ result }) => result)).toMatchObject([running, running]);
  });

  it("without any answer have none", () => {
    const client = new VirtualControl().connect();
    client.session.receive(`[${one(undefined, "list")}]`);
    expect(client.lines).toEqual([]);
    expect(client.result("list")).toEqual([]);
  });

  it("have a limit", () => {
    const client = new VirtualControl().connect();
    client.session.receive(`[${new Array(limits.batch + 1).fill(one(1, "list")).join(",")}]`);
    expect(client.received).toMatchObject([{ error: { code: -32600 } }]);
    expect(client.closed).toBe(true);
  });
});

describe("a client that goes away", () => {
  it.each([
    ["start", { job: "a" }],
    ["emit", { event: "go" }],
    ["wait", { job: "a", timeout: 100 }],
    ["watch", {}],
    ["log", { job: "a", follow: true }],
  ])("leaves no trace of %s", (method, params) => {
    const control = new VirtualControl({ a: "start on go\npre-start exec run\nexec sleep" });
    const held = control.held;
    const client = control.connect();
    client.ask(method, params);
    expect(client.session.gone()).toBe(true);
    control.settle();
    if (method === "emit") control.machine.end("a", "pre-start");
    control.settle();
    expect(control.held).toBe(held);
    expect(control.failures).toEqual([]);
  });

  it("does not undo what it asked for", () => {
    const control = new VirtualControl(slowStart);
    const client = control.connect();
    client.ask("start", { job: "a" });
    client.session.gone();
    control.settle();
    control.machine.end("a", "pre-start");
    expect(control.machine.status("a")).toBe("a start/running, process PID");
    expect(client.received).toEqual([]);
  });

  it("gets what it asked for if it only sends no more", async () => {
    const control = new VirtualControl(slowStart);
    const client = control.connect();
    client.ask("start", { job: "a" });
    client.session.endOfInput();
    expect(client.closed).toBe(false);
    control.machine.end("a", "pre-start");
    control.settle();
    await turn();
    expect([client.received.length, client.closed]).toEqual([1, true]);
  });

  it("is closed when what it asked for is refused", () => {
    const control = new VirtualControl(slowStart);
    const client = control.connect();
    client.session.receive('{"jsonrpc":"2.0","id":1,"method":"start","params":{"job":"nope"}}');
    client.session.endOfInput();
    expect([client.received.length, client.closed, client.session.gone()]).toEqual([1, true, false]);
  });

  it("is closed at once if it asked for nothing", () => {
    const client = new VirtualControl().connect();
    client.session.endOfInput();
    expect(client.closed).toBe(true);
  });
});

describe("notifications", () => {
  it("tell what happens, in order", () => {
    const control = new VirtualControl({ a: "exec exit 3" });
    const client = control.connect();
    client.result("watch");
    client.take();
    control.connect().ask("start", { job: "a" });
    const told = client
      .take()
      .map(({ method, params }) => [method, params?.["type"], params?.["to"] ?? params?.["status"]]);
    expect(told[0]).toEqual(["watch", "goal", "start"]);
    expect(told).toContainEqual(["watch", "state", "running"]);
    expect(told).toContainEqual(["watch", "process", 3]);
  });

  it("of one job leave out the others", () => {
    const control = new VirtualControl(slowStart);
    const client = control.connect();
    client.result("watch", { job: "b" });
    client.take();
    control.connect().ask("start", { job: "a" });
    expect(client.take()).toEqual([]);
    control.connect().ask("start", { job: "b" });
    expect(new Set(client.take().map(({ params }) => params?.["job"]))).toEqual(new Set(["b"]));
  });

  it("are dropped and counted for a reader that is too slow, and go on afterwards", () => {
    const control = new VirtualControl({ a: "exec sleep" });
    const client = control.connect();
    client.result("log", { job: "a", follow: true });
    client.take();
    client.slow = true;
    for (let count = 0; count < 10_000; count++) control.write("a", "x".repeat(100));
    expect(client.untaken).toBeLessThan(limits.notifications + 1000);
    const sent = client.take().length;
    client.untaken = 0;
    client.slow = false;
    client.session.drained();
    control.write("a", "last");
    expect(client.take()).toEqual([
      { jsonrpc: "2.0", method: "dropped", params: { count: 10_000 - sent } },
      { jsonrpc: "2.0", method: "log", params: { line: "last" } },
    ]);
  });
});

describe("errors of our own", () => {
  it("are reported, answered without details, and end nothing", () => {
    const control = new VirtualControl();
    control.lastLines = () => {
      throw new Error("secret");
    };
    control.machine.load("a", "exec sleep");
    const client = control.connect(root);
    expect(client.ask("log", { job: "a" })?.error).toMatchObject({
      code: -32603,
      message: "Internal error; see the log of init",
    });
    expect(control.failures).toEqual(["a control request: Error: secret"]);
    expect(client.result("list")).toHaveLength(1);
  });
});
