import { describe, expect, it } from "vitest";
import { scanOptions } from "../../../src/shim/options.ts";
import { defaultSettings } from "../../../src/shim/plain-settings.ts";
import { readSettings, SettingError } from "../../../src/shim/settings.ts";

function settings(...args: string[]) {
  const scan = scanOptions(["upinit", ...args], []);
  if (!scan.ok) throw new Error(scan.message);
  return readSettings(scan.values);
}

describe("readSettings", () => {
  it("without options is the default", () => {
    expect(settings()).toEqual(defaultSettings);
  });

  it.each([
    [["-g"], { target: "group" }],
    [["--single-child"], { placement: "inherit" }],
    [["-s"], { subreaper: true }],
    [["-p", "KILL"], { parentDeathSignal: 9 }],
    [["-p", "SIGUSR1"], { parentDeathSignal: 10 }],
    [["--stop-signal", "rtmin+3"], { stopSignal: 37 }],
    [["--stop-signal", "SIGRTMIN"], { stopSignal: 34 }],
    [["-e", "143", "-e0"], { remapped: new Set([143, 0]) }],
    [
      ["-r", "15:3", "-r", "usr1:0", "-r", "1:RTMIN+30"],
      {
        rewrites: new Map([
          [15, 3],
          [10, 0],
          [1, 64],
        ]),
      },
    ],
    [["-v"], { level: "info" }],
    [["-vv"], { level: "debug" }],
    [["--debug"], { level: "debug" }],
    [["-q"], { level: "error" }],
    [["--respawn"], { respawn: { limit: 10, interval: 5000, least: 0, most: 0 } }],
    [["--respawn", "--respawn-limit", "3/0.5"], { respawn: { limit: 3, interval: 500, least: 0, most: 0 } }],
    [
      ["--respawn", "--respawn-limit", "unlimited", "--respawn-backoff", "0.1/30"],
      { respawn: { limit: Number.POSITIVE_INFINITY, interval: 0, least: 100, most: 30_000 } },
    ],
  ])("%j", (args, expected) => {
    expect(settings(...args)).toMatchObject(expected);
  });

  it.each([
    [["-p", "NOPE"]],
    [["-p", "0"]],
    [["-p", "65"]],
    [["-p", "RTMIN+31"]],
    [["-p", "__proto__"]],
    [["-r", "15"]],
    [["-r", "15:"]],
    [["-r", "15:3:2"]],
    [["-r", "0:3"]],
    [["-e", ""]],
    [["-e", "-1"]],
    [["-e", "1e2"]],
    [["-g", "--single-child"]],
    [["--respawn-limit", "1/1"]],
    [["--respawn-backoff", "1/1"]],
    [["--respawn", "--respawn-limit", "1.5/1"]],
    [["--respawn", "--respawn-limit", "1"]],
    [["--respawn", "--respawn-backoff", "2/1"]],
    [["--respawn", "--respawn-backoff", "unlimited"]],
  ])("%j is refused", (args) => {
    expect(() => settings(...args)).toThrow(SettingError);
  });
});
