import fc from "fast-check";
import { expect, it } from "vitest";
import { methodNames } from "../../../src/control/protocol.ts";
import { root, somebody, VirtualControl } from "../../support/virtual-control.ts";

const jobs = {
  a: "start on go\nexec sleep",
  b: "instance $N\npre-start exec run\nexec sleep",
  c: "task\nexec true",
};

/** Names that mean something beside any others. */
const word = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "c",
    "go",
    "N=1",
    "N",
    "",
    "__proto__",
    "constructor",
    "running",
    "stopped",
    "3",
    "PATH",
  ),
  fc.string({ unit: "binary" }),
);
const keys = [
  "job",
  "env",
  "instance",
  "wait",
  "event",
  "for",
  "timeout",
  "level",
  "lines",
  "follow",
  "require",
  "variable",
];
const value = fc.oneof(word, fc.array(word, { maxLength: 3 }), fc.boolean(), fc.integer(), fc.constant(null));
const params = fc.oneof(fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 4 }), fc.anything());
const request = fc.record(
  {
    jsonrpc: fc.constantFrom("2.0", "2.0", "2.0", "1.0"),
    id: fc.oneof(fc.nat(), word, fc.constant(null)),
    method: fc.oneof(fc.constantFrom(...methodNames), word),
    params,
  },
  { requiredKeys: ["method"] },
);
const line = fc.oneof(
  { weight: 6, arbitrary: request.map((message) => JSON.stringify(message)) },
  { weight: 2, arbitrary: fc.array(request, { maxLength: 4 }).map((batch) => JSON.stringify(batch)) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.json() },
);

it("whatever clients send: each answer is well-formed, nothing fails inside, and nothing is left of them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), line), { maxLength: 12 }), async (story) => {
      const control = new VirtualControl(jobs);
      const clients = [control.connect(root), control.connect(somebody)] as const;
      for (const [owner, text] of story) {
        const client = clients[owner ? 0 : 1];
        if (!client.closed) client.session.receive(text.replaceAll("\n", " "));
        await Promise.resolve();
      }
      for (const client of clients) {
        for (const answer of client.received) {
          expect(answer).toHaveProperty("jsonrpc", "2.0");
          const isAnswer = "result" in answer !== "error" in answer;
          expect(isAnswer || answer.method !== undefined).toBe(true);
        }
        client.session.gone();
      }
      control.settle();
      expect(control.failures).toEqual([]);
      for (const job of control.world.jobs()) {
        expect(job.waiters.filter((waiting) => waiting.type !== "event")).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

it("who is no owner changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 8 }), async (requests) => {
      const control = new VirtualControl(jobs);
      const client = control.connect(somebody);
      for (const message of requests) {
        if (!client.closed) client.session.receive(JSON.stringify(message));
        await Promise.resolve();
      }
      expect([control.machine.ran, control.stops, control.reloads, control.level, control.priority]).toEqual([
        [],
        [],
        0,
        null,
        "message",
      ]);
      expect(control.machine.events).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
