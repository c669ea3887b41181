import { describe, expect, it } from "vitest";
import {
  allSignals,
  hasSignal,
  noSignals,
  signalName,
  signalNumber,
  signals,
  withoutSignals,
  withSignals,
} from "../../../src/runtime/signals.ts";

describe("signal names", () => {
  it.each([
    ["TERM", 15],
    ["SIGTERM", 15],
    ["IOT", 6],
    ["SIGCLD", 17],
    ["POLL", 29],
    ["STKFLT", 16],
    ["SYS", 31],
  ])("%s is %i", (name, number) => {
    expect(signalNumber(name)).toBe(number);
  });

  it.each([
    "term",
    "Term",
    "sigterm",
    "SIGSIGTERM",
    "SIG",
    "",
    "15",
    "RTMIN",
    "__proto__",
    "constructor",
    "SIG__proto__",
  ])("%j is none", (name) => {
    expect(signalNumber(name)).toBeNull();
  });

  it("gives the first of two names, and a number for what has none", () => {
    expect([6, 17, 29, 15, 37, 64, 0].map(signalName)).toEqual([
      "ABRT",
      "CHLD",
      "IO",
      "TERM",
      "37",
      "64",
      "0",
    ]);
  });

  it("knows 1 to 31, each under one name or two", () => {
    const numbers = [...new Set(Object.values(signals))].sort((left, right) => left - right);
    expect(numbers).toEqual(Array.from({ length: 31 }, (_, index) => index + 1));
  });
});

describe("signal sets", () => {
  it("hold any of the 64", () => {
    for (let signal = 1; signal <= 64; signal++) {
      const set = withSignals(noSignals, signal);
      const held = Array.from({ length: 64 }, (_, index) => index + 1).filter((each) => hasSignal(set, each));
      expect(held).toEqual([signal]);
      expect(hasSignal(withoutSignals(allSignals, signal), signal)).toBe(false);
    }
  });

  it("are words without a sign", () => {
    expect(withSignals(noSignals, 32, 64, 1)).toEqual([0x8000_0001, 0x8000_0000]);
    expect(withoutSignals(allSignals, 1, 33)).toEqual([0xffff_fffe, 0xffff_fffe]);
    expect(withoutSignals(withSignals(noSignals, 9), 9)).toEqual([0, 0]);
  });
});
