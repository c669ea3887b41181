import type { Reactor, SignalInfo } from "../runtime/reactor.ts";
import { signalName, signals } from "../runtime/signals.ts";

/** SIGRTMIN+3 as the world counts it, which stops systemd containers. A literal, since libcs disagree about RTMIN. */
const systemdHalt = 37;

/** Signals that base images set as their stop signal, and that upinit forwards instead. */
const usualStopSignals: readonly number[] = [signals.SIGQUIT, signals.SIGWINCH];

/** What PID 1 does with signals when it runs jobs (design section 4). */
export interface SignalActions {
  stop(reason: string): void;
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

/** Wires the signals of the reactor to the actions. `stopSignal` is `--stop-signal`, or 0. */
export function wireSignals(reactor: Reactor, actions: SignalActions, stopSignal: number): void {
  const advised = new Set<number>();
  const unlessForwarded =
    (act: (info: SignalInfo) => void) =>
    (info: SignalInfo): void => {
      if (actions.interprets() || !actions.forward(info.signal)) act(info);
    };
  const stop = unlessForwarded(({ signal }) => actions.stop(`${signalName(signal)} received`));

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
    advised.add(signal);
    const name = signalName(signal);
    actions.log(
      `${name} received, which nobody takes; if it is to stop the container, say --stop-signal ${name}`,
    );
  });
}
