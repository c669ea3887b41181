import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../../src/config/diagnostics.ts";
import { Lexer } from "../../../src/config/lexer.ts";

/** The message and line of what is thrown. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigurationError) return `${error.line}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("one argument", () => {
  test.each([
    ["foo\nbar", "foo"],
    ['"foo bar" baz', "foo bar"],
    ["foo\\ bar baz", "foo bar"],
    ['foo\\"bar baz', 'foo\\"bar'],
    ["foo\\#bar baz", "foo\\#bar"],
    ["foo#bar", "foo"],
    ["a'b c'd e", "ab cd"],
    ["a\\\\b", "a\\b"],
    ["a\\nb", "a\\nb"],
    ['"a\n   b" c', "a b"],
    ['"a   \n   b" c', "a b"],
    ["foo\\\n  bar", "foo"],
    ["foo\\\nbar", "foo bar"],
    ['FOO="" x', "FOO="],
    [`"it's" x`, "it's"],
    ['"a\\"b" x', 'a\\"b'],
    ['"a \\"b\\" c\\\\d \\e"', 'a \\"b\\" c\\d \\e'],
    ['" a "', " a "],
    ['" "', " "],
    ['"a\t b"', "a\t b"],
    ["a''b", "ab"],
    ["a\\\tb c", "a\tb"],
    ['"a\n"', "a "],
    ['"a\\\nb"', "a b"],
    ["caf\u00e9 x", "caf\u00e9"],
    ["\udc80\udcff x", "\udc80\udcff"],
    ["a\0b", "a"],
    ['a"#"b #c', "a#b"],
  ])("%j is %j", (text, token) => {
    expect(new Lexer(text).argument()).toBe(token);
  });

  test.each([
    ["'\\' x", "1: Unterminated quoted string"],
    ['""', "1: Expected token"],
    ["", "1: Expected token"],
    ["# x", "1: Expected token"],
    ['"abc', "1: Unterminated quoted string"],
    ['"abc\n\n', "3: Unterminated quoted string"],
    ["abc\\", "1: Trailing slash in file"],
    ["\\", "1: Trailing slash in file"],
    ['"\0"', "1: Illegal character, a NUL byte"],
    ["a\\\0", "1: Illegal character, a NUL byte"],
  ])("%j is refused: %s", (text, message) => {
    expect(refusal(() => new Lexer(text).argument())).toBe(message);
  });

  test("leaves the position behind the blanks and continued lines after it", () => {
    const lexer = new Lexer("foo\\\n  \\\n bar");
    lexer.argument();
    expect([lexer.position, lexer.line]).toEqual([10, 3]);
    expect(lexer.argument()).toBe("bar");
    expect(lexer.atEnd()).toBe(true);
  });

  test("a quoted newline counts as a line", () => {
    const lexer = new Lexer('"a\n   b" c');
    lexer.argument();
    expect(lexer.line).toBe(2);
  });

  test("a stanza's name keeps its quotes", () => {
    expect(new Lexer('"exec" foo').nextName()).toBe('"exec"');
  });
});

describe("a command", () => {
  test.each([
    ['/bin/echo "a  b"   c   # comment', '/bin/echo "a  b"   c'],
    ["foo \\\n   bar", "foo bar"],
    ["foo\\\n   bar", "foo bar"],
    ["foo\\\nbar", "foo bar"],
    ['echo "a\n   b"', 'echo "a b"'],
    ["echo foo#bar", "echo foo"],
    ["echo '#x' $#", "echo '#x' $"],
    ["echo \\\\ x", "echo \\\\ x"],
    ["echo a\\ b", "echo a\\ b"],
    // libnih lost the white space before these two (docs/differences.md).
    ["echo \\#x", "echo \\#x"],
    ["awk '{print \\$1}'", "awk '{print \\$1}'"],
    [`sh -c 'echo "a \\"b\\""'`, `sh -c 'echo "a \\"b\\""'`],
    ["sleep 1  \t\r\n", "sleep 1"],
    ["a \\\n\\\n b", "a b"],
    ["'a' \\\n", "'a'"],
    ["sleep 1\0", "sleep 1"],
  ])("%j is %j", (text, command) => {
    expect(new Lexer(text).command()).toBe(command);
  });
});

describe("a block", () => {
  const read = (text: string): string => {
    const lexer = new Lexer(text);
    lexer.nextName();
    return lexer.block();
  };

  test.each([
    ["script\n    echo\nend script\n", "echo\n"],
    ["script\n    echo\n\nend script\n", "    echo\n\n"],
    ["script\n  a\n    b\nend script\n", "a\n  b\n"],
    ["script\n    a\n  b\nend script\n", "  a\nb\n"],
    ["script\n  a\n\tb\nend script\n", "  a\n\tb\n"],
    ["script\nend script", ""],
    ["script # why\n a\n end\tscript # done\n", "a\n"],
    ["script\n a\r\nend script\r\n", "a\r\n"],
    [
      "script\nend scripts\nendscript\nend; script\nend script x\nend script\n",
      "end scripts\nendscript\nend; script\nend script x\n",
    ],
    ['script\n  # "\n  \\\n  end\nend script\n', '# "\n\\\nend\n'],
  ])("%j is %j", (text, body) => {
    expect(read(text)).toBe(body);
  });

  test.each([
    ["script", "1: Unterminated block"],
    ["script\n", "2: Unterminated block"],
    ["script\na\nend script x", "3: Unterminated block"],
    ["script x\nend script\n", "1: Unexpected token"],
    ["script\na\nb\0\nend script\n", "3: Illegal character, a NUL byte"],
  ])("%j is refused: %s", (text, message) => {
    expect(refusal(() => read(text))).toBe(message);
  });
});
