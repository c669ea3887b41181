/** Text that is not UTF-8: what the kernel carries, jobs get, byte for byte. */
import { expect, test } from "vitest";
import { booted } from "./fixture/index.ts";
import { executable } from "./fixture/program.ts";

const hex = "od -An -tx1 -v | tr -d ' \\n'";

/** A file whose text has a byte that UTF-8 never has. */
const bytes = (before: string, byte: number, after: string): Uint8Array =>
  Buffer.concat([Buffer.from(before), Buffer.from([byte]), Buffer.from(after)]);

test.concurrent("bytes that are not UTF-8 reach jobs unchanged", async () => {
  const say = (name: string, words: string): string => `printf %s "${words}" | ${hex} > /tmp/${name}`;
  await using box = await booted({
    entrypoint: ["bash", "-c", "export OUTER=$'o\\xe9'; exec /sbin/upinit"],
    files: {
      "/sbin/upinit": { copy: executable(), mode: 0o755 },
      ...Object.fromEntries(
        ["initctl", "start", "status"].map((name) => [`/sbin/${name}`, { link: "upinit" }]),
      ),
      "/var/log/upstart": { directory: true },
    },
    jobs: {
      "env.conf": bytes(
        "task\nenv FILE='f",
        0xe8,
        `'\nscript\n${say("env", "$FILE $OUTER $BY_HAND")}\nend script\n`,
      ),
      "argument.conf": bytes("task\nexec printf a", 0xfe, "\n"),
      "event.conf": `start on go\ntask\nscript\n${say("event", "$BY_EVENT")}\nend script\n`,
      "many.conf": "instance $WHICH\nexec sleep 1000\n",
      "output.conf": "task\nexec printf 'b\\377\\n'\n",
    },
  });
  await box.run("bash -c \"start env BY_HAND=$'h\\xfc'\"");
  expect(await box.run("cat /tmp/env")).toBe("66e8206fe92068fc");
  await box.run("bash -c \"initctl emit go BY_EVENT=$'e\\x80'\"");
  expect(await box.run("cat /tmp/event")).toBe("6580");
  await box.run("start argument");
  expect(await box.run(`cat /var/log/upstart/argument.log | ${hex}`)).toBe("61fe");
  await box.run("start output");
  expect(await box.run(`initctl log output | ${hex}`)).toBe("62ff0a");
  const status = `bash -c "status many WHICH=$'i\\xff'" | sed 's/process .*//' | ${hex}`;
  await box.run("bash -c \"start many WHICH=$'i\\xff'\"");
  expect(Buffer.from(await box.run(status), "hex").toString("latin1")).toBe("many (i\xff) start/running, \n");
});
