/**
 * `npm run tour`: boots the jobs of this directory in a real container and writes what the README shows: the picture of
 * the boot (docs/boot.svg) and the console session. `UPINIT_BINARY` names the executable.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { container, eventually } from "../../test/container/fixture/index.ts";

const root = join(import.meta.dirname, "../..");
const directory = join(import.meta.dirname, "etc/init");
const jobs = Object.fromEntries(
  readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]),
);

await using box = await container({ jobs, files: { "/var/log/upstart": { directory: true } } });
await box.ready();
await box.run("initctl wait --boot");
await eventually(() => box.run("initctl status web | grep start/running"));
writeFileSync(join(root, "docs/boot.svg"), await box.run("initctl boot --svg -"));

const session: string[] = [];
const show = async (command: string): Promise<void> => {
  const { stdout, stderr } = await box.exec(command);
  session.push(`$ docker exec shop ${command}`, ...`${stdout}${stderr}`.trimEnd().split("\n"));
};
await show("initctl list");
await show("initctl stop database");
await show("initctl health");
await show("initctl explain web");
await show("initctl start database");
await eventually(() => box.run("initctl status web | grep start/running"));
await show("initctl health");

const page = join(root, "README.md");
const text = readFileSync(page, "utf8");
const place = /(<!-- written by npm run tour -->\n```console\n)[\s\S]*?(\n```\n)/;
if (!place.test(text)) throw new Error("README.md has no place for the session");
writeFileSync(
  page,
  text.replace(place, (_all, head: string, tail: string) => head + session.join("\n") + tail),
);
await box.stop();
