import type { Timer } from "../runtime/reactor.ts";

/** Why and how the container is to stop. */
export interface StopRequest {
  /** What to leave with; null: CMD's own status, or 0 without CMD. */
  readonly status: number | null;
  /** 0 halt, 6 reboot: for `runlevel RUNLEVEL=…`. */
  readonly runlevel: "0" | "6";
  /** PREVLEVEL, where the caller knows better than PID 1's record. */
  readonly previous?: string;
  /** Further variables of the run level event (`INIT_HALT=POWEROFF`). */
  readonly env: readonly string[];
  /** Who asked, for the log. */
  readonly reason: string;
  /** What CMD gets. */
  readonly signal: number;
  /** Asked by a client, which has an answer to tell before its own end (`docker exec c poweroff`). */
  readonly byClient: boolean;
}

/** What stopping needs of the rest of PID 1. */
export interface StopSystem {
  after(milliseconds: number, callback: () => void): Timer;
  log(text: string): void;
  /** No respawn and no new service from here on. */
  quiesce(): void;
  /** Emits the events of a stop, and tells when no job instance blocks them any more. */
  emitEvents(request: StopRequest, finished: () => void): void;
  /** Gives goal stop to the next instances in order; returns how many instances are left, stopped or not. */
  stopNextJobs(): number;
  /** The largest `kill timeout` of a running job, in seconds, and that job's name; null without a job. */
  largestKillTimeout(): { readonly seconds: number; readonly job: string } | null;
  /** Signals CMD; false if it is not running. */
  stopMainCommand(signal: number): boolean;
  mainCommandRuns(): boolean;
  /** Processes that no job owns but which are still there. */
  stragglersGone(): boolean;
  /** KILL to the processes of the jobs that are left, and to nobody else. */
  killJobs(): void;
  terminateStragglers(): void;
  killStragglers(): void;
  /** Flushes what is to be flushed, answers who waits, and ends the process. */
  leave(request: StopRequest): void;
}

/** Shortest time that jobs get in all: Docker kills 10 s after its stop signal. */
const shortestDeadline = 8_000;
/** What a stop takes beyond the kill timeout of its slowest job. */
const margin = 3_000;
/** How long stragglers have between SIGTERM and SIGKILL. */
const stragglersGrace = 1_000;
/** What SIGKILL has not ended by then can't be ended, or is not ours to end. */
const killGrace = 2_000;
/** How long a client that asked for the stop has to go by itself. */
const departure = 500;
/** How often to look whether processes that are nobody's child have gone. */
const lookAgain = 20;

type Phase = "running" | "events" | "jobs" | "departing" | "terminating" | "killing" | "left";

/**
 * The orderly stop (docs/design.md#10-stop): the shutdown events, then the jobs in order, then what is left over. It is
 * driven from outside: `progress` is called whenever something may have changed.
 */
export class Shutdown {
  readonly #system: StopSystem;
  readonly #stopTimeout: number | null;
  #phase: Phase = "running";
  #request: StopRequest | null = null;
  #timer: Timer | null = null;
  /** Their time is over, and only CMD's end is waited for. */
  #jobsOverdue = false;

  /** `stopTimeout`, milliseconds, bounds the whole; null is the design's own deadline, and none for CMD. */
  constructor(system: StopSystem, stopTimeout: number | null) {
    this.#system = system;
    this.#stopTimeout = stopTimeout;
  }

  get inProgress(): boolean {
    return this.#phase !== "running";
  }

  /** Begins to stop. A second request hurries: whatever still runs is terminated, and by a third one killed. */
  begin(request: StopRequest): void {
    switch (this.#phase) {
      case "running":
        this.#request = request;
        this.#start(request);
        break;
      case "events":
      case "jobs":
      case "departing":
        this.#system.log(`${request.reason}: hurrying up`);
        this.#terminate();
        break;
      case "terminating":
        this.#kill();
        break;
      case "killing":
      case "left":
        break;
    }
  }

  /** Looks whether the next phase can begin. */
  progress(): void {
    if (this.#phase === "jobs" && this.#jobsOverdue && !this.#system.mainCommandRuns()) {
      this.#terminate();
    } else if (
      this.#phase === "jobs" &&
      this.#system.stopNextJobs() === 0 &&
      !this.#system.mainCommandRuns()
    ) {
      if (this.#system.stragglersGone()) this.#leave();
      else if (this.#request?.byClient) this.#letDepart();
      else this.#terminate();
    } else if (this.#waitsForStragglers && this.#system.stragglersGone()) {
      this.#leave();
    }
  }

  get #waitsForStragglers(): boolean {
    return this.#phase === "departing" || this.#phase === "terminating" || this.#phase === "killing";
  }

  #start(request: StopRequest): void {
    this.#phase = "events";
    this.#system.log(`${request.reason}: stopping all jobs`);
    this.#system.stopMainCommand(request.signal);
    this.#system.quiesce();
    this.#armDeadline();
    this.#system.emitEvents(request, () => this.#stopJobs());
  }

  #armDeadline(): void {
    const deadline = this.#deadline();
    // A job that takes its time in `stop on shutdown` must not use up what the others need to end in order.
    this.#timer = this.#system.after(deadline / 2, () => {
      this.#stopJobs();
      this.#timer = this.#system.after(deadline / 2, () => this.#deadlinePassed());
    });
  }

  /** Milliseconds for all jobs together. Logs it where a job makes it longer than usual. */
  #deadline(): number {
    const largest = this.#system.largestKillTimeout();
    const forJobs = Math.max(shortestDeadline, (largest?.seconds ?? 0) * 1_000 + margin);
    if (largest !== null && forJobs > shortestDeadline) {
      const { job, seconds } = largest;
      const capped = this.#stopTimeout !== null && this.#stopTimeout < forJobs;
      const allowed = (capped ? this.#stopTimeout : forJobs) / 1_000;
      const by = capped ? "as --stop-timeout says" : "--stop-timeout bounds it";
      this.#system.log(`the stop may take ${allowed} s: ${job} has kill timeout ${seconds} (${by})`);
    }
    return this.#stopTimeout ?? forJobs;
  }

  #stopJobs(): void {
    if (this.#phase !== "events") return;
    this.#phase = "jobs";
    this.progress();
  }

  #deadlinePassed(): void {
    if (this.#phase !== "jobs") return;
    this.#system.log("the time for stopping is over");
    if (this.#stopTimeout !== null || !this.#system.mainCommandRuns()) {
      this.#terminate();
      return;
    }
    // The deadline is one for jobs: CMD has the time it needs.
    this.#jobsOverdue = true;
    this.#system.killJobs();
  }

  /** The client, and the shell that it may have been called from, end by themselves in a moment. */
  #letDepart(): void {
    this.#phase = "departing";
    this.#again(departure, () => this.#terminate());
    this.#look();
  }

  #terminate(): void {
    this.#phase = "terminating";
    this.#system.terminateStragglers();
    this.#again(stragglersGrace, () => this.#kill());
    this.#look();
  }

  #kill(): void {
    this.#phase = "killing";
    this.#system.killStragglers();
    this.#again(killGrace, () => {
      this.#system.log("not waiting any longer for what can't be killed");
      this.#leave();
    });
    this.#look();
  }

  /** Processes that entered the namespace from outside send no SIGCHLD here when they end. */
  #look(): void {
    this.progress();
    if (this.#waitsForStragglers) {
      this.#system.after(lookAgain, () => this.#look());
    }
  }

  #again(milliseconds: number, callback: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#system.after(milliseconds, callback);
  }

  #leave(): void {
    if (this.#phase === "left" || this.#request === null) return;
    this.#phase = "left";
    this.#timer?.cancel();
    this.#system.leave(this.#request);
  }
}
