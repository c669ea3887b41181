import { describe, expect, it } from "vitest";
import { blobTable } from "../../../src/build/link.ts";

describe("the table of chunks", () => {
  const entry = {
    chunk: { name: "upinit.js", path: "/x/upinit.js", natives: ["exit", "kill"], intrinsics: 5, hot: true },
    path: "/x/0",
    unpacked: 0,
  };
  const other = {
    chunk: { name: "main.js", path: "/x/main.js", natives: null, intrinsics: 0, hot: false },
    path: "/x/1",
    unpacked: 77,
  };

  it("names each chunk, its bytecode and what it imports, in order, and ends with an empty row", () => {
    const assembly = blobTable([entry, other]);
    expect(assembly).toContain('.Lname0: .asciz "upinit.js"');
    expect(assembly).toContain('.Lnatives0: .asciz "exit"; .asciz "kill"; .asciz ""');
    expect(assembly).toContain('.Lblob1: .incbin "/x/1"');
    const rows = assembly.split("\n").filter((line) => line.startsWith("  .quad"));
    expect(rows).toEqual([
      "  .quad .Lname0, .Lblob0, .Lend0 - .Lblob0, .Lnatives0, 5, 0",
      "  .quad .Lname1, .Lblob1, .Lend1 - .Lblob1, 0, 0, 77",
      "  .quad 0, 0, 0, 0, 0, 0",
    ]);
  });
});
