import { describe, expect, test } from "vitest";
import { commandLine, scriptContents, shellArguments } from "../../../src/processes/command-line.ts";

const exec = (command: string) => commandLine({ script: false, command });
const script = (command: string) => commandLine({ script: true, command });

describe("exec", () => {
  test("without shell characters is split into words", () => {
    expect(exec("/bin/foo -a  b\tc #d %e @f +g ,h :i .j")).toEqual({
      type: "direct",
      argv: ["/bin/foo", "-a", "b", "c", "#d", "%e", "@f", "+g", ",h", ":i", ".j"],
    });
  });

  test("does not keep empty words", () => {
    expect(exec(" sleep  1 ")).toEqual({ type: "direct", argv: ["sleep", "1"] });
  });

  test.each([..."~`!$^&*()=|\\{}[];\"'<>?"])("goes through the shell for %s", (character) => {
    const command = `foo a${character}b`;
    expect(exec(command)).toEqual({ type: "shell", text: `exec ${command}` });
  });
});

describe("script", () => {
  test("of one line is an argument, whatever it holds", () => {
    expect(script("true\n")).toEqual({ type: "shell", text: "true" });
    expect(script("echo $A\n\n\n")).toEqual({ type: "shell", text: "echo $A" });
    expect(script("")).toEqual({ type: "shell", text: "" });
  });

  test("of several lines is a file, kept as it is", () => {
    expect(script("a\n\nb\n")).toEqual({ type: "script", text: "a\n\nb\n" });
    expect(script("\nb\n")).toEqual({ type: "script", text: "\nb\n" });
  });
});

test("what the shell is given", () => {
  expect(shellArguments("exec a b")).toEqual(["/bin/sh", "-e", "-c", "exec a b", "/bin/sh"]);
  expect(scriptContents("a\nb\n")).toBe("exec 9<&-\na\nb\n");
});
