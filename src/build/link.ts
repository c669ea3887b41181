import { readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Chunk } from "./bundle.ts";
import { compileAll, headersOf } from "./objects.ts";
import { run } from "./run.ts";
import { OWN_FLAGS, type Toolchain } from "./toolchain.ts";

/** A chunk as bytecode. */
export interface Blob {
  readonly chunk: Chunk;
  readonly path: string;
  /** Where it is packed: its size without that; else 0. */
  readonly unpacked: number;
}

/** upinit's own C files, compiled. */
export function bindingObjects(
  root: string,
  cache: string,
  toolchain: Toolchain,
  engine: string,
): Promise<string[]> {
  const directory = join(root, "src/runtime/native");
  const headers = [...headersOf(directory), join(engine, "quickjs.h")];
  const names = readdirSync(directory)
    .filter((name) => name.endsWith(".c"))
    .sort();
  return compileAll(
    cache,
    toolchain,
    names.map((name) => ({
      path: join(directory, name),
      headers,
      flags: [...OWN_FLAGS, "-isystem", engine],
    })),
  );
}

/** A list of texts for C: each ended by NUL, an empty one ends the list. */
function textList(texts: readonly string[]): string {
  return [...texts, ""].map((text) => `.asciz ${JSON.stringify(text)}`).join("; ");
}

/** Assembler source that holds every blob, and the table by which chunks.c finds them; the entry comes first. */
export function blobTable(blobs: readonly Blob[]): string {
  const data = blobs.map(
    ({ path, chunk }, index) => `
.Lname${index}: .asciz ${JSON.stringify(chunk.name)}
.Lnatives${index}: ${textList(chunk.natives ?? [])}
.balign 8
.Lblob${index}: .incbin ${JSON.stringify(path)}
.Lend${index}:`,
  );
  const rows = blobs.map(({ chunk, unpacked }, index) => {
    const natives = chunk.natives === null ? "0" : `.Lnatives${index}`;
    return `  .quad .Lname${index}, .Lblob${index}, .Lend${index} - .Lblob${index}, ${natives}, ${chunk.intrinsics}, ${unpacked}\n`;
  });
  return `.section .rodata
.global upinit_blobs, upinit_blobs_end
upinit_blobs:
${data.join("\n")}
upinit_blobs_end:

.section .data.rel.ro,"aw"
.balign 8
.global upinit_chunks
upinit_chunks:
${rows.join("")}  .quad 0, 0, 0, 0, 0, 0
.section .note.GNU-stack,"",%progbits
`;
}

/** Links everything to `out`, which appears complete or not at all. */
export async function link(
  toolchain: Toolchain,
  objects: readonly string[],
  blobs: readonly Blob[],
  directory: string,
  out: string,
): Promise<void> {
  const assembly = join(directory, "blobs.S");
  writeFileSync(assembly, blobTable(blobs));
  const temporary = `${out}.${process.pid}.tmp`;
  await run(toolchain.compiler, [
    ...toolchain.linkFlags,
    "-o",
    temporary,
    ...objects,
    assembly,
    "-lm",
    ...(toolchain.compiler.includes("musl") ? [] : ["-lpthread"]),
  ]);
  renameSync(temporary, out);
}
