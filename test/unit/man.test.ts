import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { allSubCommands } from "../../src/commands/initctl.ts";
import { stanzas } from "../../src/config/stanzas.ts";
import { helpText } from "../../src/init/help.ts";
import { installedNames } from "../../src/init/installed-names.ts";
import { allOptions } from "../../src/shim/options.ts";

// The commands are only asked for their tables; none of them is run.
vi.mock("upinit:native", () => ({ exit: () => undefined }));

const directory = new URL("../../man/", import.meta.url);

/** A page as it reads: without the escapes of troff. */
function page(file: string): string {
  return readFileSync(new URL(file, directory), "utf8")
    .replaceAll("\\-", "-")
    .replaceAll(/\\f[A-Z]/g, "");
}

/** A regular expression's text for a word that is no part of a longer one. */
function whole(word: string): RegExp {
  return new RegExp(`(?<![\\w-])${word}(?![\\w-])`);
}

/** The parts of a page that begin with this macro, by their first word; each ends where a part or section begins. */
function parts(text: string, macro: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(/^(?=\.(?:SH|SS|TP)\b)/m)) {
    if (!part.startsWith(`.${macro}`)) continue;
    const name = /^\.\w+\s+(?:\.\w+\s+)?"?([\w-]+)/.exec(part)?.[1];
    if (name !== undefined) found.set(name, part);
  }
  return found;
}

const files = readdirSync(directory);
const pages = files.filter((file) => /\.[58]$/.test(file));

describe("manual pages", () => {
  it.each([...installedNames, "upinit"])("%s has one", (name) => {
    expect(files).toContain(`${name}.8`);
  });

  it("the language of jobs has one", () => {
    expect(files).toContain("init.5");
  });

  it.each(pages)("%s is a page, or leads to one", (file) => {
    const text = page(file);
    const target = /^\.so man([58])\/(.+)\n$/.exec(text);
    if (target === null) {
      const [name, section] = file.split(".") as [string, string];
      expect(text).toMatch(new RegExp(`^\\.TH ${name.toUpperCase()} ${section} `));
      expect(text).toMatch(/^\.SH NAME$/m);
    } else {
      expect(target[2]?.endsWith(`.${target[1]}`)).toBe(true);
      expect(page(target[2] as string)).toMatch(/^\.TH /);
      // Who follows the link finds the name again.
      expect(page(target[2] as string)).toMatch(whole(file === "init.8" ? "init" : file.slice(0, -2)));
    }
  });

  it.each(pages)("%s refers to pages that are there", (file) => {
    const own = new Set(["5", "8"]);
    for (const [, name, section] of page(file).matchAll(/^\.BR ([\w-]+) \((\d)\)/gm)) {
      if (own.has(section as string)) expect(files).toContain(`${name}.${section}`);
    }
  });
});

describe("upinit.8", () => {
  const help = helpText();
  const text = page("upinit.8");
  const headings = [...text.matchAll(/^\.TP\n(.+)$/gm)].map((match) => match[1] as string);
  const described = allOptions().filter(({ name }) => whole(`--${name}`).test(help));

  it("is compared with a help that describes most options", () => {
    expect(described.length).toBeGreaterThan(30);
  });

  it.each(described)("has --$name", ({ name, letter, placeholder }) => {
    const heading = headings.find((line) => /^\.BR? -/.test(line) && whole(`--${name}`).test(line));
    expect(heading).toBeDefined();
    if (letter !== "") expect(heading).toMatch(whole(`-${letter}`));
    expect(heading).toContain(placeholder);
  });
});

describe("initctl.8", async () => {
  const text = page("initctl.8");
  const commands = await allSubCommands();

  it.each(commands)("has $name and its options", (command) => {
    const start = text.search(new RegExp(`^\\.SS "${command.name}[ "]`, "m"));
    expect(start).toBeGreaterThan(0);
    const section = text.slice(start).split(/\n(?=\.S[SH] )/)[0] as string;
    for (const option of command.options.filter(({ hidden }) => hidden !== true)) {
      expect(section).toMatch(whole(`--${option.long}`));
      if (option.short !== undefined) expect(section).toMatch(whole(`-${option.short}`));
      if (option.value !== undefined)
        expect(section).toMatch(new RegExp(`--${option.long}[ "]+${option.value}`));
    }
    // Nor does it tell of options that are not there.
    const told = [...section.matchAll(/^\.BR? .*?--([\w-]+)/gm)].map((match) => match[1]);
    for (const name of told) expect(command.options.map(({ long }) => long)).toContain(name);
  });

  it("has no command that initctl doesn't have", () => {
    const told = [...parts(text, "SS").keys()];
    expect(told.sort()).toEqual(commands.map(({ name }) => name).sort());
  });
});

describe("init.5", () => {
  const told = parts(page("init.5"), "TP");

  it.each([...stanzas.keys()])("has %s", (stanza) => {
    expect(told.has(stanza)).toBe(true);
  });
});
