import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, type Suite, test } from "./harness.ts";
import { readAll, run, shell, waitForEnd, waitForSetup, withDirectory } from "./helpers.ts";

function receive(fd: number): string {
  const buffer = new Uint8Array(1000);
  return native.decode(buffer, 0, good(native.receive(fd, buffer, 0, buffer.length)));
}

function sendText(fd: number, text: string): number {
  const bytes = native.encode(text);
  return native.send(fd, bytes, 0, bytes.length);
}

/** One conversation over this address. */
function converse(address: string): void {
  const listener = good(native.unixListen(address, 8));
  failsWith(native.accept(listener), "EAGAIN");
  const client = good(native.unixConnect(address));
  const server = good(native.accept(listener));
  const self = [native.getpid(), native.geteuid(), native.getegid()];
  equal(native.peerCredentials(server), self);
  equal(native.peerCredentials(client), self);
  equal(sendText(client, "question"), 8);
  equal(receive(server), "question");
  failsWith(native.receive(server, new Uint8Array(4), 0, 4), "EAGAIN");
  equal(native.shutdownWrite(client), 0);
  equal(receive(server), "");
  equal(sendText(server, "answer"), 6);
  equal(receive(client), "answer");
  native.close(client);
  failsWith(sendText(server, "late"), "EPIPE");
  native.close(server);
  native.close(listener);
}

/** Runs a Python one-liner with an argument; false where there is no Python. */
function python(code: string, argument: string): boolean {
  if (shell("command -v python3") === "") return false;
  const { output, status } = run(["python3", "-c", code, argument]);
  equal([output, status], ["", 0], "python");
  return true;
}

export const socketsSuite: Suite = [
  test("a listener by path", () => {
    withDirectory((path) => {
      converse(`${path}/socket`);
      failsWith(native.unixListen(`${path}/socket`, 8), "EADDRINUSE");
      failsWith(native.unixConnect(`${path}/socket`), "ECONNREFUSED");
      failsWith(native.unixConnect(`${path}/none`), "ENOENT");
    });
  }),
  test("a listener in the abstract space", () => converse(`\0upinit-test-${native.getpid()}`)),
  test("addresses that can't be", () => {
    failsWith(native.unixListen("", 1), "EINVAL");
    failsWith(native.unixListen("/tmp/a\0b", 1), "EINVAL");
    failsWith(native.unixListen(`/${"x".repeat(107)}`, 1), "ENAMETOOLONG");
    failsWith(native.unixConnect(`\0${"x".repeat(108)}`), "ENAMETOOLONG");
    failsWith(native.unixConnect(`/${"x".repeat(106)}`), "ENOENT");
  }),
  test("a probe says who can be reached, and does not wait", () => {
    withDirectory((path) => {
      const address = `${path}/socket`;
      const listener = good(native.unixListen(address, 0));
      equal(native.unixProbe(address), 0);
      failsWith(native.unixProbe(address), "EAGAIN");
      native.close(listener);
      failsWith(native.unixProbe(address), "ECONNREFUSED");
      failsWith(native.unixProbe(`${path}/none`), "ENOENT");
    });
  }),
  test("a full socket says EAGAIN instead of waiting", () => {
    const [left, right] = good(native.socketPair());
    const block = new Uint8Array(65536);
    let sent = 0;
    let count = 0;
    for (; count >= 0; sent += Math.max(count, 0)) count = native.send(left, block, 0, block.length);
    failsWith(count, "EAGAIN");
    isTrue(sent > 0, "some went");
    native.close(left);
    native.close(right);
  }),
  test("the peer is who connected, with its own pid", () => {
    withDirectory((path) => {
      const address = `${path}/socket`;
      const listener = good(native.unixListen(address, 1));
      const self = good(native.readlink("/proc/self/exe"));
      const plan = { file: self, argv: [self, "connect", address], env: [], descriptors: [[2, 2]] as const };
      const [pid, statusFd] = good(native.spawn(plan));
      equal(waitForSetup(statusFd), true);
      good(native.pollOne(listener, native.EPOLLIN, -1));
      const server = good(native.accept(listener));
      equal(good(native.peerCredentials(server))[0], pid);
      equal(readAll(server), "hello");
      equal(waitForEnd(pid), [native.CLD_EXITED, 0]);
      native.close(server);
      native.close(listener);
    });
  }),
  test("a datagram comes with its sender", () => {
    withDirectory((path) => {
      const fd = good(native.unixDatagram(`${path}/notify`));
      const buffer = new Uint8Array(16);
      failsWith(native.receiveDatagram(fd, buffer), "EAGAIN");
      const code =
        "import socket,sys;s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.connect(sys.argv[1])";
      if (python(`${code};s.send(b'READY=1');s.send(b'x'*17)`, `${path}/notify`)) {
        const [length, pid, uid] = good(native.receiveDatagram(fd, buffer));
        equal(native.decode(buffer, 0, length), "READY=1");
        isTrue(pid > 1 && uid === native.geteuid(), "credentials");
        failsWith(native.receiveDatagram(fd, buffer), "EMSGSIZE");
      }
      native.close(fd);
    });
  }),
  test("descriptors that come with a datagram are closed", () => {
    withDirectory((path) => {
      const fd = good(native.unixDatagram(`${path}/notify`));
      const before = good(native.readDirectory("/proc/self/fd")).names;
      const code =
        "import socket,sys,os;s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.connect(sys.argv[1]);" +
        "socket.send_fds(s,[b'FDSTORE=1'],[os.open('/dev/null',0) for i in range(200)])";
      if (python(code, `${path}/notify`)) equal(good(native.receiveDatagram(fd, new Uint8Array(16)))[0], 9);
      equal(good(native.readDirectory("/proc/self/fd")).names, before);
      native.close(fd);
    });
  }),
  test("interfaces that are up", () => {
    const names = native.interfacesUp();
    const said = good(native.readDirectory("/sys/class/net")).names.filter((name) => {
      const flags = native.readPseudoFile(`/sys/class/net/${name}/flags`);
      return typeof flags === "string" && (Number(flags.trim()) & 1) === 1;
    });
    equal([...names].sort(), said);
  }),
];

/** Child: connects and says something. */
export function connect(argv: readonly string[]): number {
  const fd = good(native.unixConnect(argv[2] ?? ""));
  sendText(fd, "hello");
  return 0;
}
