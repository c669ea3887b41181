// Brings the data directory to the newest version, one step after the other; a step that is done is not done again.
const fs = require("node:fs");
const path = require("node:path");

const directory = process.argv[2];
const file = path.join(directory, "schema.json");
const steps = [
  (data) => ({ ...data, visits: 0 }),
  (data) => ({ ...data, greeting: "Hello from behind nginx" }),
];

const data = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : { version: 0 };
while (data.version < steps.length) {
  Object.assign(data, steps[data.version](data), { version: data.version + 1 });
  console.log(`migrated to version ${data.version}`);
}
fs.writeFileSync(file, JSON.stringify(data));
