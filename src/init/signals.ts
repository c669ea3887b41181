import * as native from "upinit:native";
import type { Reactor, SignalInfo } from "../runtime/reactor.ts";
import { signalName, signals } from "../runtime/signals.ts";

/** SIGRTMIN+3 as the world counts it, which stops systemd containers. A literal, since libcs disagree about RTMIN. */
const systemdHalt = 37;

/** Signals that base images set as their stop signal, and that upinit forwards instead. */
const usualStopSignals: readonly number[] = [signals.SIGQUIT, signals.SIGWINCH];

/** What PID 1 does with signals when it runs jobs (docs/design.md#9-signals). */
export interface SignalActions {
  /** `signal` is what CMD gets. */
  stop(reason: string, signal: number): void;
  reapChildren(): void;
  reloadConfiguration(): void;
  emit(event: string): void;
  /** To CMD; false if there is none. */
  forward(signal: number): boolean;
  /** Whether there is anything here that signals could mean; with CMD and no job there is not. */
  interprets(): boolean;
  /** Whether a job starts or stops on this event. */
  isAwaited(event: string): boolean;
  log(text: string): void;
}

function hasTerminal(): boolean {
  return [0, 1, 2].some((fd) => native.isTerminal(fd));
}

/** Wires the signals of the reactor to the actions. `stopSignal` is `--stop-signal`, or 0. */
export function wireSignals(reactor: Reactor, actions: SignalActions, stopSignal: number): void {
  const advised = new Set<number>();
  const unlessForwarded =
    (act: (info: SignalInfo) => void) =>
    (info: SignalInfo): void => {
      if (actions.interprets() || !actions.forward(info.signal)) act(info);
    };
  // CMD may tell INT or QUIT from TERM. The signal of systemd's containers means nothing to it.
  const stop = unlessForwarded(({ signal }) =>
    actions.stop(`${signalName(signal)} received`, signal === systemdHalt ? signals.SIGTERM : signal),
  );

  reactor.onSignal(signals.SIGCHLD, () => actions.reapChildren());
  reactor.onSignal(signals.SIGINT, (info) => {
    if (actions.isAwaited("control-alt-delete")) actions.emit("control-alt-delete");
    else stop(info);
  });
  reactor.onSignal(
    signals.SIGPWR,
    unlessForwarded(() => actions.emit("power-status-changed")),
  );
  reactor.onSignal(signals.SIGHUP, () => {
    actions.reloadConfiguration();
    actions.forward(signals.SIGHUP);
  });
  reactor.onSignal(signals.SIGTERM, stop);
  reactor.onSignal(systemdHalt, stop);
  if (stopSignal !== 0) reactor.onSignal(stopSignal, stop);

  reactor.onAnySignal(({ signal }) => {
    if (actions.forward(signal) || !usualStopSignals.includes(signal) || advised.has(signal)) return;
    // On a terminal WINCH says that the window has another size.
    if (signal === signals.SIGWINCH && hasTerminal()) return;
    advised.add(signal);
    const name = signalName(signal);
    actions.log(
      `ignoring ${name}: use --stop-signal ${name} (or STOPSIGNAL SIGTERM in the image) to make it stop the container`,
    );
  });
}
