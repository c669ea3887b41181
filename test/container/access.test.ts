/** Who may ask for what on the control socket. */
import { describe, expect, test } from "vitest";
import { booted } from "./fixture/index.ts";

const jobs = {
  "a.conf": 'start on startup\nenv SECRET=hush\nusage "a N"\nexec sleep 1000\n',
};

/** Everything that anybody may ask; the list is closed. */
const forAnyone = [
  "initctl list",
  "initctl status a",
  "status a",
  "service a status",
  "initctl version",
  "initctl usage a",
  "initctl show-config a",
  "initctl check-config a",
  "initctl health",
  "initctl wait a --for running",
  "initctl log-priority",
];

const forOwner = [
  "initctl start a",
  "initctl stop a",
  "initctl restart a",
  "initctl reload a",
  "initctl emit hello",
  "initctl emit --dry-run hello",
  "initctl reload-configuration",
  "initctl log-priority debug",
  "initctl get-env PATH",
  "initctl list-env",
  "initctl explain a",
  "initctl log a",
  "initctl boot",
  "initctl notify-disk-writeable",
  "telinit 0",
  "telinit u",
  "shutdown now",
  "poweroff",
];

describe("access", () => {
  test("anybody may look, and nothing else", async () => {
    await using box = await booted({ jobs });
    for (const command of forAnyone) {
      const { status, stderr } = await box.exec(command, { user: "1000:1000" });
      expect([command, status, stderr]).toEqual([command, 0, ""]);
    }
    for (const command of forOwner) {
      const { status, stdout, stderr } = await box.exec(command, { user: "1000:1000" });
      expect([command, status, stdout]).toEqual([command, 1, ""]);
      expect(stderr).not.toContain("hush");
      expect(stderr.trimEnd().split("\n").length).toBe(1);
    }
    expect(await box.run("initctl list")).toMatch(/^a start\/running, process \d+$/);
  });

  test("upinit's own user may do everything, without being root", async () => {
    const socket = { UPINIT_SOCKET: "/tmp/upinit/control.sock" };
    await using box = await booted({ jobs, user: "1000:1000", env: socket });
    const as = (user: string, command: string) => box.exec(command, { user, env: socket });
    expect((await as("1000:1000", "stop a")).stdout).toBe("a stop/waiting\n");
    expect((await as("1001:1001", "start a")).status).toBe(1);
    expect((await as("0:0", "start a")).status).toBe(0);
    expect(await box.stop()).toBe(0);
  });
});
