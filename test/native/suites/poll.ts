import * as native from "upinit:native";
import { equal, failsWith, good, isTrue, type Suite, test } from "./harness.ts";

export const pollSuite: Suite = [
  test("tells what is ready, again and again, until it is read", () => {
    const epoll = good(native.epollCreate());
    const [read, write] = good(native.pipe(0));
    const events = new Int32Array(8);
    equal(native.epollSet(epoll, read, native.EPOLLIN), 0);
    equal(native.epollWait(epoll, events, 0), 0);
    native.writeText(write, "x");
    for (let round = 0; round < 2; round++) {
      equal(native.epollWait(epoll, events, -1), 1);
      equal([events[0], events[1]], [read, native.EPOLLIN]);
    }
    native.read(read, new Uint8Array(8), 0, 8);
    equal(native.epollWait(epoll, events, 0), 0);
    native.close(write);
    equal(native.epollWait(epoll, events, 1000), 1);
    equal(events[1], native.EPOLLHUP);
    equal(native.epollSet(epoll, read, 0), 0);
    equal(native.epollWait(epoll, events, 0), 0);
    native.close(read);
    native.close(epoll);
  }),
  test("what to look for can change", () => {
    const epoll = good(native.epollCreate());
    const [left, right] = good(native.socketPair());
    const events = new Int32Array(8);
    equal(native.epollSet(epoll, left, native.EPOLLOUT), 0);
    equal([native.epollWait(epoll, events, 0), events[1]], [1, native.EPOLLOUT]);
    equal(native.epollSet(epoll, left, native.EPOLLIN), 0);
    equal(native.epollWait(epoll, events, 0), 0);
    native.writeText(right, "x");
    equal([native.epollWait(epoll, events, 0), events[1]], [1, native.EPOLLIN]);
    for (const fd of [left, right, epoll]) native.close(fd);
  }),
  test("gives no more than there is room for", () => {
    const epoll = good(native.epollCreate());
    const pipes = Array.from({ length: 100 }, () => good(native.pipe(0)));
    for (const [, write] of pipes) native.epollSet(epoll, write, native.EPOLLOUT);
    equal(native.epollWait(epoll, new Int32Array(6), 0), 3);
    equal(native.epollWait(epoll, new Int32Array(1000), 0), 64);
    failsWith(native.epollWait(epoll, new Int32Array(1), 0), "EINVAL");
    for (const fd of [...pipes.flat(), epoll]) native.close(fd);
  }),
  test("a time-out is rounded up, never down to a busy loop", () => {
    const epoll = good(native.epollCreate());
    const before = native.monotonicTime();
    equal(native.epollWait(epoll, new Int32Array(2), 10.2), 0);
    isTrue(native.monotonicTime() - before >= 10.2, "10.2 ms are over");
    native.close(epoll);
  }),
  test("tells what can't be watched", () => {
    const epoll = good(native.epollCreate());
    const fd = good(native.open("/proc/self/exe", native.O_RDONLY));
    failsWith(native.epollSet(epoll, fd, native.EPOLLIN), "EPERM");
    native.close(fd);
    failsWith(native.epollSet(epoll, fd, native.EPOLLIN), "EBADF");
    failsWith(native.pollOne(fd, native.EPOLLIN, 0), "EBADF");
    native.close(epoll);
  }),
  test("polls one descriptor", () => {
    const [read, write] = good(native.pipe(0));
    equal(native.pollOne(read, native.EPOLLIN, 0), 0);
    equal(native.pollOne(write, native.EPOLLOUT, -1), native.EPOLLOUT);
    native.close(write);
    equal(native.pollOne(read, native.EPOLLIN, -1), native.EPOLLHUP);
    native.close(read);
  }),
];
