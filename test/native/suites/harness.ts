/** A test harness small enough to run inside the engine: each test says `ok NAME` or `not ok NAME: REASON`. */
import * as native from "upinit:native";

export interface Test {
  readonly name: string;
  readonly run: () => void;
}

/** A test that only means something for root, or only for others, is left out aloud. */
export type Suite = readonly Test[];

export function test(name: string, run: () => void): Test {
  return { name, run };
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (part === Number.POSITIVE_INFINITY) return "Infinity";
    return part instanceof Uint8Array || part instanceof Int32Array ? [...part] : part;
  });
}

export function equal(actual: unknown, expected: unknown, what = "value"): void {
  if (show(actual) !== show(expected)) throw new Error(`${what} is ${show(actual)}, not ${show(expected)}`);
}

export function isTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not true: ${what}`);
}

/** Expects a negative errno by its name. */
export function failsWith(result: unknown, code: string): void {
  const got = typeof result === "number" && result < 0 ? native.errorName(-result) : show(result);
  equal(got, code, "result");
}

export function throwsTypeError(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (error instanceof TypeError) return;
    throw error;
  }
  throw new Error("no TypeError");
}

/** A result that must be good. */
export function good<T>(result: T | number): T {
  if (typeof result === "number" && result < 0) throw new Error(native.errorText(-result));
  return result as T;
}

/** Runs a suite; gives the exit status of the program. */
export function runSuite(suite: Suite): number {
  let status = 0;
  for (const { name, run } of suite) {
    try {
      run();
      native.writeText(1, `ok ${name}\n`);
    } catch (error) {
      status = 1;
      const reason = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
      native.writeText(1, `not ok ${name}: ${reason}\n`);
    }
  }
  return status;
}
