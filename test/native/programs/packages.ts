/** Entry of a program for test/native/packages.test.ts: the four packages at work inside the engine. */

import { argv, writeText } from "upinit:native";
import { Command } from "commander";
import pino from "pino";
import { onExit } from "signal-exit";
import * as z from "zod/mini";
import { exitProcess } from "../../../src/runtime/node/exit.ts";
import { process, waitFor } from "../../../src/runtime/node/process.ts";

function say(text: string): void {
  writeText(1, `${text}\n`);
}

onExit((code, signal) => say(`exit ${code} ${signal}`));

const shape = z.object({ name: z.string(), port: z.int().check(z.minimum(1)) });

const program = new Command("packages");
program.option("-p, --port <number>", "a port", (text) => Number(text), 80).argument("<name>", "a name");
program.option("--wait", "until a signal comes");
program.action((name: string, options: { port: number; wait?: boolean }) => {
  const checked = z.safeParse(shape, { name, port: options.port });
  say(
    checked.success ? `ok ${checked.data.name} ${checked.data.port}` : `bad ${checked.error.issues[0]?.path}`,
  );
  const log = pino({
    level: "info",
    browser: { asObject: true, write: (object) => say(JSON.stringify({ ...object, time: 0 })) },
  });
  log.child({ job: name }).info("logged %d", options.port);
  log.debug("not logged");
  say(`pid ${process.pid > 0} ${process.env["PACKAGES_TEST"]}`);
  if (options.wait === true) {
    say("waiting");
    for (;;) waitFor(-1, 0, -1);
  }
});
program.parse(argv().slice(1), { from: "user" });
exitProcess(3);
