import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Scene } from "./scene.ts";

/** One thing that the program told its world; see programs/processes.ts. */
export interface Told {
  readonly type: string;
  readonly job?: string;
  readonly pid?: number;
  readonly reason?: string;
  readonly exitStatus?: number;
  readonly status?: { readonly type: string; readonly status?: number; readonly signal?: number };
}

export interface SceneEnding {
  readonly status: number | null;
  /** Standard output as it came. */
  readonly output: string;
  /** Its lines without the prefix of the job. */
  readonly lines: readonly string[];
  readonly told: readonly Told[];
  /** Lines of the log, without `init: `. */
  readonly log: readonly string[];
  readonly tail: readonly string[];
}

let scenes = 0;

/** Starts the program of programs/processes.ts; `wrapper` is a command that executes the rest of its arguments. */
export function startScene(program: string, scene: Scene, wrapper: readonly string[] = []): ChildProcess {
  scenes += 1;
  const path = `${program}.${scenes}.json`;
  writeFileSync(path, JSON.stringify(scene));
  const [command = program, ...args] = [...wrapper, program, path];
  return spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
}

/** Plays a scene to its end. */
export async function playScene(
  program: string,
  scene: Scene,
  wrapper: readonly string[] = [],
): Promise<SceneEnding> {
  const child = startScene(program, scene, wrapper);
  return endingOf(child);
}

export async function endingOf(child: ChildProcess): Promise<SceneEnding> {
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on("data", (piece: Buffer) => output.push(piece));
  child.stderr?.on("data", (piece: Buffer) => errors.push(piece));
  const status = await new Promise<number | null>((done) => child.once("close", (code) => done(code)));
  const text = Buffer.concat(output).toString("latin1");
  const said = Buffer.concat(errors).toString().split("\n");
  return {
    status,
    output: text,
    lines: text
      .split("\n")
      .slice(0, -1)
      .map((line) => line.slice(line.indexOf(" | ") + 3)),
    told: said.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Told),
    log: said.filter((line) => line.startsWith("init: ")).map((line) => line.slice("init: ".length)),
    tail: said.filter((line) => line.startsWith("tail: ")).map((line) => line.slice("tail: ".length)),
  };
}
