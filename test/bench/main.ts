/** `npm run bench [-- NAME…]`: all tables, or those named. Ends with 1 if a budget was missed. */
import { resolve } from "node:path";
import { print, type Report } from "./measure.ts";

const binary = resolve(process.env["UPINIT_BINARY"] ?? "dist/upinit");
/** `UPINIT_BENCH_SCALE=0.1` for a quick look. */
const scale = Number(process.env["UPINIT_BENCH_SCALE"] ?? 1);

const benches: Readonly<Record<string, () => Promise<Report[]>>> = {
  control: async () => (await import("./control.ts")).control(binary, scale),
  supervision: async () => (await import("./supervisors.ts")).supervision(binary, scale),
  growth: async () => (await import("./supervisors.ts")).growth(binary, scale),
  output: async () => (await import("./output.ts")).output(binary, scale),
  configuration: async () => (await import("./configuration.ts")).configuration(binary, scale),
  start: async () => (await import("./shims.ts")).start(binary, scale),
  shims: async () => (await import("./shims.ts")).shims(binary, scale),
};

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : Object.keys(benches)) {
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (bench === undefined) {
    console.error(`there is no bench ${name}; there are: ${Object.keys(benches).join(", ")}`);
    process.exitCode = 1;
    continue;
  }
  for (const report of await bench()) {
    print(report);
    if (report.verdicts.some(({ kept }) => !kept)) process.exitCode = 1;
  }
}
