import type { Container } from "../../test/container/fixture/index.ts";

const colour = process.stdout.isTTY && !process.env["NO_COLOR"];

export function say(text: string): void {
  console.log(text);
}

function styled(code: number, text: string): string {
  return colour ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** Shows commands and what they really print, chapter by chapter. */
export class Story {
  readonly #box: Container;
  #chapters = 0;

  constructor(box: Container) {
    this.#box = box;
  }

  chapter(title: string): void {
    this.#chapters += 1;
    say(`\n${styled(1, `${this.#chapters}. ${title}`)}`);
  }

  /** Runs a command that must succeed; `shown` is what to print for it where the words themselves are unreadable. */
  async run(command: string | readonly string[], shown = `${command}`): Promise<void> {
    this.show(shown, await this.#box.run(command));
  }

  /** What the container itself said, as `docker logs` shows it. */
  hear(output: string): void {
    this.#lines(styled(2, "(the container's own output)"), output);
  }

  /** Something that was printed, under the command that prints it. */
  show(command: string, output: string): void {
    this.#lines(styled(36, `$ ${command}`), output);
  }

  #lines(head: string, output: string): void {
    say(`   ${head}`);
    for (const line of output
      .trimEnd()
      .split("\n")
      .filter((text) => text !== ""))
      say(`     ${line}`);
  }
}
