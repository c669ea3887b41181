/** `argv`: exact arguments, for main, hooks and probes, also where there is no shell. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { booted, eventually } from "./fixture/index.ts";

const busybox = ["/bin/busybox", "/usr/bin/busybox"].find(existsSync);

test.concurrent("each word reaches the program as it is", async () => {
  await using box = await booted({
    files: { "/var/log/upstart": { directory: true } },
    jobs: {
      "a.conf": `task
argv ["printf", "[%s]", "an arg", "*", "$HOME", "it's", "\\"q\\"", "\\u00fc", "", "a\\\\b"]
post-stop argv ["touch", "/tmp/a file"]
`,
      "b.conf": 'ready argv ["test", "-e", "/tmp/a file"]\nargv ["sleep", "1000"]\n',
    },
  });
  await box.run("start a");
  expect(await box.read("/var/log/upstart/a.log")).toBe('[an arg][*][$HOME][it\'s]["q"][ü][][a\\b]');
  expect(await box.run("start b")).toMatch(/^b start\/running/);
  expect(await box.run("initctl exec b -- true; echo $?")).toBe("0");
});

test.skipIf(busybox === undefined)("in an image without a shell", async () => {
  await using box = await booted({
    image: "scratch",
    files: { "/busybox": { copy: busybox ?? "" }, "/tmp": { directory: true, mode: 0o1777 } },
    jobs: {
      "a.conf":
        'start on startup\nargv ["/busybox", "sleep", "1000"]\nready argv ["/busybox", "test", "-e", "/etc/init"]\n',
      "b.conf": "exec /busybox echo 'in quotes'\n",
    },
  });
  await eventually(async () =>
    (await box.run(["/sbin/initctl", "status", "a"])).startsWith("a start/running"),
  );
  const checked = await box.exec(["/sbin/init-checkconf", "--explain", "/etc/init/b.conf"]);
  expect(checked.stderr).toContain("This command needs a shell, and there is none here");
  expect(checked.stderr).toContain("argv [");
});
