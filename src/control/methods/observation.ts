import type { BootAnswer, Health, JobStatus, OverviewJob, TopAnswer } from "../answers.ts";
import { type Call, later } from "../call.ts";
import { MethodError } from "../errors.ts";
import { explainClass } from "../explanation.ts";
import { healthOf } from "../health.ts";
import { instanceName } from "../instance-name.ts";
import { noticeOf } from "../notice.ts";
import { overviewOf } from "../overview.ts";
import type { Parameters } from "../protocol.ts";
import { noInstance, statusOf } from "../status.ts";
import { requireClass, requireReplica } from "./jobs.ts";

export function health({ daemon }: Call, params: Parameters["health"]): Health {
  return healthOf(daemon, params?.require ?? []);
}

/** Answers once the instance is in the state that is waited for; at once if it is there already. */
export function wait(call: Call, params: Parameters["wait"]): unknown {
  const { daemon } = call;
  const jobClass = requireClass(call, params.job);
  const instance = instanceName(daemon.world, jobClass, params);
  const wanted = params.for ?? "running";
  const current = (): JobStatus => {
    const job = daemon.world.findJob(params.job, instance);
    return job === undefined ? noInstance(params.job) : statusOf(job);
  };
  if (isReached(current(), wanted)) return current();
  return awaitNews(call, params.timeout, {
    subscribe: (reply) =>
      daemon.onTrace((trace) => {
        if (
          trace.type !== "state" ||
          trace.job.jobClass.name !== params.job ||
          trace.job.instance !== instance
        )
          return;
        if (isReached({ ...current(), state: trace.to }, wanted)) reply(current());
      }),
    timedOut: () => {
      const text = `Timed out waiting for ${params.job} to be ${wanted}`;
      return new MethodError("Timeout", text, { status: current() });
    },
  });
}

/** What a call waits for: `subscribe` replies when it comes, and returns how to stop listening. */
interface News {
  subscribe(reply: (answer: unknown) => void): () => void;
  timedOut(): MethodError;
}

/** Answers with the news, or with its time-out after so many seconds; ends with the client. */
function awaitNews(call: Call, seconds: number | undefined, { subscribe, timedOut }: News): typeof later {
  const end = (): void => {
    release();
    stopListening();
    timer?.cancel();
  };
  const stopListening = subscribe((answer) => {
    end();
    call.reply(answer);
  });
  const release = call.onGone(() => end());
  const timer =
    seconds === undefined
      ? null
      : call.desk.after(seconds * 1000, () => {
          end();
          call.fail(timedOut());
        });
  return later;
}

function isReached(status: JobStatus, wanted: string): boolean {
  if (wanted === "stopped") return status.state === "waiting";
  if (wanted === "settled") return isSettled(status);
  return status.state === wanted && (wanted !== "running" || status.goal === "start");
}

/** It runs, or it is down and stays so. */
function isSettled({ goal, state }: JobStatus): boolean {
  return goal === "start" ? state === "running" : state === "waiting";
}

/** Answers when the boot is over; at once if it is. */
export function waitBoot(call: Call, params: Parameters["wait-boot"]): unknown {
  const { daemon } = call;
  if (daemon.phase() !== "booting") return null;
  return awaitNews(call, params?.timeout, {
    subscribe: (reply) => daemon.onPhase(() => reply(null)),
    timedOut: () => new MethodError("Timeout", "Timed out waiting for the end of the boot"),
  });
}

/** Every instance, and every job without one, with why it is as it is. Open to all: no command line, no variable. */
export function overview({ daemon, peer }: Call): OverviewJob[] {
  return overviewOf(daemon, peer.owner);
}

/** What failed so far counts for nobody's health any longer. */
export function resetFailed(call: Call, params: Parameters["reset-failed"]): null {
  const { world } = call.daemon;
  const name = params?.job;
  if (name !== undefined) requireClass(call, name);
  const entries = name === undefined ? world.classes() : [world.findClass(name)];
  for (const entry of entries) entry?.resetFailures(call.daemon.now());
  return null;
}

const linesOfExplanation = 10;

export function explain(call: Call, params: Parameters["explain"]): unknown {
  requireClass(call, params.job);
  return explainClass(call.daemon, params.job, linesOfExplanation, call.peer.owner);
}

const defaultLines = 100;

/** The last captured lines, and with `follow` each further one as a notification `log`. */
export function log(call: Call, params: Parameters["log"]): { lines: string[] } {
  const { daemon } = call;
  const jobClass = requireClass(call, params.job);
  requireReplica(call, "log", params);
  const instance = instanceName(daemon.world, jobClass, params);
  const name = instance === "" ? jobClass.name : `${jobClass.name} (${instance})`;
  const lines = daemon.lastLines(name, params.lines ?? defaultLines);
  if (params.follow === true) call.onGone(daemon.follow(name, (line) => call.notify("log", { line })));
  return { lines };
}

/** From here on every goal and state change, event and process exit is a notification `watch`. */
export function watch(call: Call, params: Parameters["watch"]): null {
  const { daemon } = call;
  if (params?.job !== undefined) requireClass(call, params.job);
  const stop = daemon.onTrace((trace) => {
    if (params?.job !== undefined && (trace.type === "event" || trace.job.jobClass.name !== params.job))
      return;
    call.notify("watch", noticeOf(trace, daemon.now() - daemon.startedAt));
  });
  call.onGone(stop);
  return null;
}

export function boot({ daemon }: Call): BootAnswer {
  return {
    now: daemon.now() - daemon.startedAt,
    phase: daemon.phase(),
    booted: daemon.bootedAt(),
    records: [...daemon.bootRecords()],
  };
}

export function top({ daemon }: Call): TopAnswer {
  const now = daemon.now();
  const jobs = [...daemon.world.jobs()].map((job) => ({
    ...statusOf(job),
    since: now - job.since,
    restarts: job.respawnCount,
  }));
  const failed = overviewOf(daemon, false)
    .filter((row) => row.failed)
    .map(({ name, why }) => ({ name, why }));
  return { uptime: now - daemon.startedAt, phase: daemon.phase(), jobs, failed };
}
