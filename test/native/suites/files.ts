import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, test } from "./harness.ts";
import { shell, withDirectory, writeFile } from "./helpers.ts";

const typeMask = 0o170000;
const directoryType = 4;
const regularType = 8;

export const filesSuite = [
  test("opens, writes, seeks, reads, cuts", () => {
    withDirectory((path) => {
      const fd = good(native.open(`${path}/f`, native.O_RDWR | native.O_CREAT | native.O_EXCL, 0o600));
      equal(native.writeText(fd, "hello world"), 11);
      equal(native.lseek(fd, 6, 0), 6);
      const buffer = new Uint8Array(20);
      equal(native.read(fd, buffer, 2, 10), 5);
      equal(native.decode(buffer, 2, 5), "world");
      equal(native.read(fd, buffer, 0, 10), 0);
      equal(native.ftruncate(fd, 5), 0);
      equal(native.lseek(fd, 0, 2), 5);
      equal(native.write(fd, native.encode("..!!"), 2, 2), 2);
      native.close(fd);
      equal(native.readFile(`${path}/f`, 100), "hello!!");
      failsWith(native.open(`${path}/f`, native.O_CREAT | native.O_EXCL | native.O_WRONLY, 0o600), "EEXIST");
    });
  }),
  test("every descriptor is close-on-exec unless told otherwise", () => {
    const made = [
      good(native.open("/dev/null", native.O_RDONLY)),
      ...good(native.pipe(0)),
      good(native.memfd("x")),
      good(native.epollCreate()),
      good(native.inotifyOpen()),
      ...good(native.socketPair()),
      good(native.dup(0)),
    ];
    const passed = shell(`for n in ${made.join(" ")}; do [ -e /proc/$$/fd/$n ] && echo $n; done`, {
      keepDescriptors: true,
    });
    equal(passed, "");
    for (const fd of made) equal(native.close(fd), 0);
    failsWith(native.close(made[0] ?? -1), "EBADF");
  }),
  test("dup2 is close-on-exec, and takes itself as a question", () => {
    const fd = good(native.open("/dev/null", native.O_RDONLY));
    equal(native.dup2(fd, fd), fd);
    equal(native.dup2(fd, 777), 777);
    failsWith(native.dup2(778, 778), "EBADF");
    equal(native.setCloseOnExec(777, false), 0);
    isTrue(shell("ls /proc/self/fd", { keepDescriptors: true }).split("\n").includes("777"), "777 passes");
    equal(native.closeRange(777, 900), 0);
    failsWith(native.descriptorFlags(777), "EBADF");
    native.close(fd);
  }),
  test("stat and fstat tell what a file is", () => {
    withDirectory((path) => {
      writeFile(`${path}/f`, "12345", 0o640);
      good(native.symlink("f", `${path}/l`));
      const status = good(native.stat(`${path}/l`, true));
      equal([(status[0] ?? 0) & 0o7777, status[1], status[4], status[7]], [0o640, 5, native.geteuid(), 1]);
      isTrue(Math.abs((status[6] ?? 0) - native.realTime()) < 60_000, "the time is milliseconds");
      equal((good(native.stat(`${path}/l`, false))[0] ?? 0) & typeMask, 0o120000);
      const fd = good(native.open(`${path}/f`, native.O_RDONLY));
      equal(native.fstat(fd), status);
      native.close(fd);
      failsWith(native.stat(`${path}/none`, true), "ENOENT");
      equal(native.readlink(`${path}/l`), "f");
      failsWith(native.open(`${path}/l`, native.O_RDONLY | native.O_NOFOLLOW), "ELOOP");
    });
  }),
  test("lists a directory in bytewise order, with types", () => {
    withDirectory((path) => {
      for (const name of ["b", "a", "B", "é", "\udcff", "a-b", "a.b"]) writeFile(`${path}/${name}`, "");
      good(native.mkdir(`${path}/dir`, 0o755));
      const { names, types } = good(native.readDirectory(path));
      equal(names, ["B", "a", "a-b", "a.b", "b", "dir", "é", "\udcff"]);
      equal([types.length, types[0], types[5]], [8, regularType, directoryType]);
      failsWith(native.readDirectory(`${path}/none`), "ENOENT");
      failsWith(native.readDirectory(`${path}/a`), "ENOTDIR");
    });
  }),
  test("lists a directory of 2,000 names", () => {
    withDirectory((path) => {
      const expected = Array.from({ length: 2000 }, (_, index) => `name-${String(index).padStart(5, "0")}`);
      for (const name of expected) writeFile(`${path}/${name}`, "");
      equal(good(native.readDirectory(path)).names, expected);
    });
  }),
  test("reads whole files within a limit, and nothing but regular ones", () => {
    withDirectory((path) => {
      writeFile(`${path}/f`, "x".repeat(100_000));
      equal(good(native.readFile(`${path}/f`, 100_000)), "x".repeat(100_000));
      failsWith(native.readFile(`${path}/f`, 99_999), "EFBIG");
      failsWith(native.readFile(path, 100), "EISDIR");
      shell(`mkfifo ${path}/fifo`);
      failsWith(native.readFile(`${path}/fifo`, 100), "EINVAL");
      failsWith(native.readFile("/dev/zero", 100), "EINVAL");
      writeFile(`${path}/empty`, "");
      equal(native.readFile(`${path}/empty`, 0), "");
    });
  }),
  test("reads pseudo-files, whose size says nothing", () => {
    isTrue(good(native.readPseudoFile("/proc/self/status")).includes("\nPid:"), "status");
    equal(native.readPseudoFile("/proc/self/comm"), "bindings\n");
    failsWith(native.readFile("/proc/self/environ", -1), "EFBIG");
    withDirectory((path) => {
      shell(`mkfifo ${path}/fifo`);
      equal(native.readPseudoFile(`${path}/fifo`), "");
    });
  }),
  test("makes, renames and removes", () => {
    withDirectory((path) => {
      equal(native.mkdir(`${path}/d`, 0o700), 0);
      equal(native.rename(`${path}/d`, `${path}/e`), 0);
      failsWith(native.unlink(`${path}/e`), "EISDIR");
      equal(native.rmdir(`${path}/e`), 0);
      failsWith(native.rmdir(`${path}/e`), "ENOENT");
      writeFile(`${path}/f`, "");
      equal(native.chmod(`${path}/f`, 0o4711), 0);
      equal((good(native.stat(`${path}/f`, true))[0] ?? 0) & 0o7777, 0o4711);
      equal(native.access(`${path}/f`, 0), 0);
      failsWith(native.access(`${path}/none`, 0), "ENOENT");
    });
  }),
  test("openat stays in its directory", () => {
    withDirectory((path) => {
      writeFile(`${path}/f`, "there");
      const directory = good(native.open(path, native.O_PATH | native.O_DIRECTORY));
      const fd = good(native.openat(directory, "f", native.O_RDONLY));
      const buffer = new Uint8Array(10);
      equal(native.decode(buffer, 0, native.read(fd, buffer, 0, 10)), "there");
      native.close(fd);
      native.close(directory);
    });
  }),
  test("a sealed memfd can't be changed any more", () => {
    const fd = good(native.memfd("state"));
    good(native.writeText(fd, "state"));
    equal(native.seal(fd), 0);
    failsWith(native.writeText(fd, "more"), "EPERM");
    failsWith(native.ftruncate(fd, 0), "EPERM");
    native.close(fd);
  }),
  test("a non-blocking pipe says EAGAIN", () => {
    const [read, write] = good(native.pipe(native.O_NONBLOCK));
    failsWith(native.read(read, new Uint8Array(1), 0, 1), "EAGAIN");
    native.close(read);
    native.close(write);
  }),
];
