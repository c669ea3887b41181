import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, type Suite, test } from "./harness.ts";
import { withDirectory, writeFile } from "./helpers.ts";

export const inotifySuite: Suite = [
  test("tells of files that come, change, move and go", () => {
    withDirectory((path) => {
      const fd = good(native.inotifyOpen());
      const mask =
        native.IN_CREATE |
        native.IN_CLOSE_WRITE |
        native.IN_MOVED_FROM |
        native.IN_MOVED_TO |
        native.IN_DELETE;
      const watch = good(native.inotifyAdd(fd, path, mask | native.IN_ONLYDIR));
      equal(native.inotifyRead(fd), []);
      writeFile(`${path}/a`, "x");
      native.rename(`${path}/a`, `${path}/\udcff`);
      native.mkdir(`${path}/d`, 0o755);
      native.unlink(`${path}/\udcff`);
      const events = good(native.inotifyRead(fd));
      equal(
        events.map(({ mask, name }) => [mask, name]),
        [
          [native.IN_CREATE, "a"],
          [native.IN_CLOSE_WRITE, "a"],
          [native.IN_MOVED_FROM, "a"],
          [native.IN_MOVED_TO, "\udcff"],
          [native.IN_CREATE | native.IN_ISDIR, "d"],
          [native.IN_DELETE, "\udcff"],
        ],
      );
      isTrue(
        events.every((event) => event.watch === watch),
        "all of this watch",
      );
      isTrue(events[2]?.cookie === events[3]?.cookie && events[2]?.cookie !== 0, "the move has one cookie");
      equal(native.inotifyRemove(fd, watch), 0);
      equal(
        good(native.inotifyRead(fd)).map(({ mask, name }) => [mask, name]),
        [[native.IN_IGNORED, ""]],
      );
      native.close(fd);
    });
  }),
  test("tells when the watched directory itself goes", () => {
    withDirectory((path) => {
      const fd = good(native.inotifyOpen());
      native.mkdir(`${path}/d`, 0o755);
      good(native.inotifyAdd(fd, `${path}/d`, native.IN_DELETE_SELF));
      native.rmdir(`${path}/d`);
      equal(
        good(native.inotifyRead(fd)).map(({ mask }) => mask),
        [native.IN_DELETE_SELF, native.IN_IGNORED],
      );
      failsWith(native.inotifyAdd(fd, `${path}/d`, native.IN_CREATE), "ENOENT");
      failsWith(native.inotifyRemove(fd, 999), "EINVAL");
      native.close(fd);
    });
  }),
  test("many events come in several reads, none is lost", () => {
    withDirectory((path) => {
      const fd = good(native.inotifyOpen());
      good(native.inotifyAdd(fd, path, native.IN_CREATE));
      const names = Array.from({ length: 500 }, (_, index) => `${"n".repeat(100)}-${index}`);
      for (const name of names) writeFile(`${path}/${name}`, "");
      const seen: string[] = [];
      for (
        let events = good(native.inotifyRead(fd));
        events.length > 0;
        events = good(native.inotifyRead(fd))
      ) {
        seen.push(...events.map(({ name }) => name));
      }
      equal(seen, names);
      native.close(fd);
    });
  }),
];
