import { letGo, prepareProcess } from "./launch.ts";
import type { MainCommand } from "./main-command.ts";

/** What somebody waits for who is ended by the loop. */
export const never = new Promise<never>(() => {});

/** For the personalities, which have their own command line and voice: CMD, then the loop, and nothing else. */
export async function serve(main: MainCommand): Promise<number> {
  const loop = prepareProcess();
  if ("step" in loop) return main.voice.cannotSpawn(loop.step, loop.errno);
  const refused = main.start();
  if (refused !== null) return refused;
  letGo([main.statusFd, loop.epoll, loop.signals], false);
  const { Loop } = await import("./loop.ts");
  new Loop(main, loop, { respawn: null, stopSignal: 0, say: () => {} }).start();
  return never;
}
