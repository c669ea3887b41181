/**
 * The state machine of a job, as one table (docs/upstart.md#41-transitions).
 *
 * A job instance has a *goal*, the direction in which it travels, and a *state*, the place where it is. Events,
 * commands and the ends of processes set the goal; when what a state does is done, the table says which state
 * follows. In only a few places a goal moves the state at once: see `changeGoal` in `lifecycle.ts`.
 *
 * The states in -ing but starting and stopping last as long as it takes to fork their process.
 *
 * `respawn` is a passing goal: the main process is gone (or is to be replaced) while the state still has to wait for
 * something else. It says that the job must go down before it may go up again; where the table takes it, the goal
 * becomes `start`.
 */
export const goals = ["stop", "start", "respawn"] as const;
export type Goal = (typeof goals)[number];

export const states = [
  "waiting",
  "starting",
  "security-spawning",
  "security",
  "pre-starting",
  "pre-start",
  "spawning",
  "spawned",
  "post-starting",
  "post-start",
  "running",
  "pre-stopping",
  "pre-stop",
  "stopping",
  "killed",
  "post-stopping",
  "post-stop",
] as const;
export type State = (typeof states)[number];

/** The states stand in the order of a job's life; those before `running` lead up, those behind it down. */
const places: ReadonlyMap<State, number> = new Map(states.map((state, place) => [state, place]));
const placeOf = (state: State): number => places.get(state) as number;

/** Whether a job in this state has begun to start and does not run yet. */
export function isOnWayUp(state: State): boolean {
  return state !== "waiting" && placeOf(state) < placeOf("running");
}

/** Whether a job in this state has begun to stop, be it to start again. */
export function isOnWayDown(state: State): boolean {
  return placeOf(state) > placeOf("running");
}

/** A state; or one for a job whose main process lives and one for all others; or null for what can't happen. */
type Next = State | { readonly withMain: State; readonly without: State } | null;

export const nextStates: Readonly<Record<State, Readonly<Record<Goal, Next>>>> = {
  waiting: { start: "starting", stop: null, respawn: null },
  // Up to running a job respawns that missed its start timeout, or whose requirement went away.
  starting: { start: "security-spawning", stop: "stopping", respawn: "stopping" },
  "security-spawning": { start: "security", stop: "stopping", respawn: "stopping" },
  security: { start: "pre-starting", stop: "stopping", respawn: "stopping" },
  "pre-starting": { start: "pre-start", stop: "stopping", respawn: "stopping" },
  "pre-start": { start: "spawning", stop: "stopping", respawn: "stopping" },
  spawning: { start: "spawned", stop: "stopping", respawn: "stopping" },
  // Upstart has no respawn here, and so ends up running without a process.
  spawned: { start: "post-starting", stop: "stopping", respawn: "stopping" },
  "post-starting": { start: "post-start", stop: "stopping", respawn: "stopping" },
  "post-start": { start: "running", stop: "stopping", respawn: "stopping" },
  // A restart that waited for those that require the job.
  running: {
    start: "stopping",
    stop: { withMain: "pre-stopping", without: "stopping" },
    respawn: { withMain: "pre-stopping", without: "stopping" },
  },
  "pre-stopping": { start: "pre-stop", stop: "pre-stop", respawn: "pre-stop" },
  "pre-stop": { start: "running", stop: "stopping", respawn: "stopping" },
  stopping: { start: "killed", stop: "killed", respawn: null },
  killed: { start: "post-stopping", stop: "post-stopping", respawn: null },
  "post-stopping": { start: "post-stop", stop: "post-stop", respawn: null },
  "post-stop": { start: "starting", stop: "waiting", respawn: null },
};

/** The state that follows; null for a combination that can't happen. */
export function nextState(state: State, goal: Goal, mainIsAlive: boolean): State | null {
  const next = nextStates[state][goal];
  if (next === null || typeof next === "string") return next;
  return mainIsAlive ? next.withMain : next.without;
}
