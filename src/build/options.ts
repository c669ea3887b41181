/** What `npm run build` was asked for. */
export interface BuildOptions {
  /** Entry module; everything else comes in by import. */
  readonly entry: string;
  /** The executable. */
  readonly out: string;
  /** Leave out the type check. */
  readonly fast: boolean;
  /** Dynamic executable with AddressSanitizer and UndefinedBehaviorSanitizer, engine included. */
  readonly sanitize: boolean;
  /** Keep names and line numbers in the bytecode, symbols in the executable. */
  readonly debug: boolean;
  /** C compiler, or null to look for one. */
  readonly compiler: string | null;
}

export const USAGE = `usage: npm run build -- [options]
  --fast          leave out the type check
  --entry FILE    entry module (bin/upinit.ts)
  --out PATH      executable to write (dist/upinit)
  --sanitize      with AddressSanitizer and UndefinedBehaviorSanitizer
  --debug         keep names, lines and symbols
  --cc COMMAND    C compiler for the executable (UPINIT_CC; else musl-gcc, else gcc)
`;

/** Reads the command line; throws an Error with a sentence for the user. */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): BuildOptions {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (let index = 0; index < args.length; index++) {
    const option = args[index] ?? "";
    if (option === "--fast" || option === "--sanitize" || option === "--debug") {
      flags.add(option);
    } else if (option === "--entry" || option === "--out" || option === "--cc") {
      const value = args[++index];
      if (value === undefined || value === "") throw new Error(`${option} needs a value`);
      values.set(option, value);
    } else {
      throw new Error(`unknown option ${option}`);
    }
  }
  const compiler = values.get("--cc") ?? environment["UPINIT_CC"] ?? environment["CC"] ?? null;
  const sanitize = flags.has("--sanitize");
  return {
    entry: values.get("--entry") ?? "bin/upinit.ts",
    out: values.get("--out") ?? (sanitize ? "dist/upinit-sanitized" : "dist/upinit"),
    fast: flags.has("--fast"),
    sanitize,
    debug: flags.has("--debug"),
    compiler: compiler === "" ? null : compiler,
  };
}
