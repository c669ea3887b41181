/** upinit with a CMD and without jobs: what comes after CMD is started, and what comes before if there are options. */
import * as native from "upinit:native";
import type { ControlListener, Handover, Surroundings } from "./handover.ts";
import { type Launched, type LoopDescriptors, letGo, prepareProcess } from "./launch.ts";
import type { Loop } from "./loop.ts";
import { MainCommand } from "./main-command.ts";
import { lastValue, type Scan, scanOptions } from "./options.ts";
import { adoptOrphans } from "./orphans.ts";
import { defaultSettings, type Settings } from "./plain-settings.ts";
import { never } from "./serve.ts";
import { OwnVoice } from "./voice.ts";

type Values = ReadonlyMap<string, readonly string[]>;
type GoodScan = Scan & { readonly ok: true };

/** Options that only the init room knows how to honour, with a CMD or without. */
const initOnly: readonly string[] = [
  "help",
  "version",
  "install",
  "restart",
  "state-fd",
  "check-state",
  "user",
  "session",
  "exit-code-from",
  "startup-event",
];

async function explain(scan: Scan & { readonly ok: false }): Promise<number> {
  let advice = "see upinit --help";
  if (scan.unknown !== undefined) {
    const [{ allOptions }, { nearest }] = await Promise.all([
      import("./options.ts"),
      import("../events/nearest.ts"),
    ]);
    const names = allOptions().map((option) => `--${option.name}`);
    const near = nearest(scan.unknown, names);
    if (near !== undefined) advice = `did you mean ${near}?`;
  }
  native.writeText(2, `upinit: ${scan.message}; ${advice}\n`);
  return 1;
}

/** The settings of the options, or null after saying what is wrong with them. */
async function settingsOf(scan: GoodScan): Promise<Settings | null> {
  if (scan.values.size === 0) return defaultSettings;
  const { readSettings, SettingError } = await import("./settings.ts");
  try {
    return readSettings(scan.values);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    native.writeText(2, `upinit: ${error.message}\n`);
    return null;
  }
}

/** What there is already where nothing was to be read before CMD: CMD, and what its loop waits with. */
export interface Begun {
  readonly launched: Launched;
  readonly loop: LoopDescriptors;
}

/** From the command line to the shim's end, or to the init room. `begun` is null where CMD is not started yet. */
export async function run(
  argv: readonly string[],
  surroundings: Surroundings,
  begun: Begun | null,
): Promise<number> {
  const scan = scanOptions(argv, native.environment());
  if (!scan.ok) return explain(scan);
  const { values, command } = scan;
  if (begun === null && (await isForInit(values, command))) return surroundings.init(argv);
  const settings = await settingsOf(scan);
  if (settings === null) return 1;

  const voice = new OwnVoice(settings.level, settings.warnOnReap);
  const mainCommand = new MainCommand({ ...settings, command }, voice);
  let descriptors: LoopDescriptors;
  if (begun === null) {
    const prepared = prepareProcess();
    if ("step" in prepared) return voice.cannotSpawn(prepared.step, prepared.errno);
    descriptors = prepared;
    adoptOrphans(settings, (text) => voice.say("error", text));
    const refused = mainCommand.start();
    if (refused !== null) return refused;
    if (settings.respawn === null) {
      letGo([mainCommand.statusFd, prepared.epoll, prepared.signals], hasRelativePath(values));
    }
  } else {
    descriptors = begun.loop;
    mainCommand.goOnWith(begun.launched);
  }
  const loop = await startLoop(mainCommand, descriptors, settings, voice);
  await listen(loop, scan, argv, voice, surroundings);
  return never;
}

async function isForInit(values: Values, command: readonly string[]): Promise<boolean> {
  if (command.length === 0 || initOnly.some((option) => values.has(option))) return true;
  return anyJobs(configurationDirectories(values));
}

async function startLoop(
  mainCommand: MainCommand,
  descriptors: LoopDescriptors,
  settings: Settings,
  voice: OwnVoice,
): Promise<Loop> {
  const [loop, respawn] = await Promise.all([
    import("./loop.ts"),
    settings.respawn === null ? null : import("./respawn.ts"),
  ]);
  const policy = respawn === null || settings.respawn === null ? null : new respawn.Respawn(settings.respawn);
  const started = new loop.Loop(mainCommand, descriptors, {
    respawn: policy,
    stopSignal: settings.stopSignal,
    say: (text) => voice.say("message", text),
  });
  started.start();
  return started;
}

/** Makes the shim reachable; whatever goes wrong here is no reason to stop being a shim. */
async function listen(
  loop: Loop,
  scan: GoodScan,
  argv: readonly string[],
  voice: OwnVoice,
  surroundings: Surroundings,
): Promise<void> {
  const { reactor, main: mainCommand, respawn } = loop;
  const { attend } = await import("./attend.ts");
  const upgrade = async (reason: Handover["reason"], listener: ControlListener | null): Promise<void> => {
    await surroundings.upgrade({ reactor, scan, argv, mainCommand, respawn, listener, reason });
    loop.release();
    // It began outside of a turn; what it put off to the end of one must not wait for the next signal.
    reactor.after(0, () => {});
  };
  reactor.guard("listening", () => {
    attend(reactor, {
      socket: lastValue(scan.values, "socket"),
      environment: native.environment(),
      directories: configurationDirectories(scan.values),
      say: (level, text) => voice.say(level, text),
      upgrade,
    });
  });
}

async function anyJobs(directories: readonly string[]): Promise<boolean> {
  if (directories.every((directory) => native.access(directory, 0) < 0)) return false;
  const { hasJobs } = await import("../config/has-jobs.ts");
  return hasJobs(directories);
}

/** Where job files may be. */
function configurationDirectories(values: Values): string[] {
  const given = ["prepend-confdir", "confdir", "append-confdir"].flatMap((name) => values.get(name) ?? []);
  return values.has("confdir") ? given : [...given, "/etc/init"];
}

/** Options with a path that counts from the directory that upinit was started in. */
function hasRelativePath(values: Values): boolean {
  const names = ["prepend-confdir", "confdir", "append-confdir", "logdir", "socket"];
  return names.some((name) => values.get(name)?.some((path) => !path.startsWith("/")));
}
