// What the service promises, asked of the real thing with its real store.
const assert = require("node:assert");
const test = require("node:test");

const service = process.env.SERVICE;
const get = async () => Number(await (await fetch(service)).text());

test("counts what is posted", async () => {
  const before = await get();
  await fetch(service, { method: "POST" });
  await fetch(service, { method: "POST" });
  assert.equal(await get(), before + 2);
});

test("holds what it is expected to hold", async () => {
  // Set from outside (docker run -e EXPECTED=7), to see a failing run.
  const expected = Number(process.env.EXPECTED || (await get()));
  assert.equal(await get(), expected);
});
