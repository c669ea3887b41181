import type { BootAnswer } from "../control/answers.ts";
import { displayName } from "./render.ts";
import type { Style } from "./style.ts";

/** A stretch of time in which an instance was on its way, ran its hooks, or ran. Milliseconds since the begin. */
export interface Phase {
  readonly kind: "blocked" | "hook" | "spawn" | "run" | "stop";
  readonly from: number;
  readonly to: number;
}

export interface Bar {
  readonly name: string;
  readonly phases: readonly Phase[];
  /** When it first was in `running`; null if it never was. */
  readonly ready: number | null;
}

const kinds: Readonly<Record<string, Phase["kind"]>> = {
  starting: "blocked",
  "security-spawning": "hook",
  security: "hook",
  "pre-starting": "hook",
  "pre-start": "hook",
  spawning: "spawn",
  spawned: "spawn",
  "post-starting": "hook",
  "post-start": "hook",
  running: "run",
};

/** One bar for each instance, in order of their starts. Phases of the same kind that meet are one. */
export function barsOf(boot: BootAnswer): Bar[] {
  const open = new Map<
    string,
    { name: string; phases: Phase[]; ready: number | null; state: string; since: number }
  >();
  for (const { type, at, job, instance, state } of boot.records) {
    if (type !== "state" || job === undefined || state === undefined) continue;
    const name = displayName({ name: job, instance: instance ?? "" });
    const bar = open.get(name);
    if (bar === undefined) {
      open.set(name, { name, phases: [], ready: state === "running" ? at : null, state, since: at });
      continue;
    }
    addPhase(bar.phases, bar.state, bar.since, at);
    if (state === "running") bar.ready ??= at;
    bar.state = state;
    bar.since = at;
  }
  for (const bar of open.values()) addPhase(bar.phases, bar.state, bar.since, boot.now);
  return [...open.values()].map(({ name, phases, ready }) => ({ name, phases, ready })).filter(isVisible);
}

function isVisible({ phases, ready }: Bar): boolean {
  return phases.length > 0 || ready !== null;
}

function addPhase(phases: Phase[], state: string, from: number, to: number): void {
  if (state === "waiting" || from === to) return;
  const kind = kinds[state] ?? "stop";
  const last = phases.at(-1);
  if (last !== undefined && last.kind === kind && last.to === from)
    phases[phases.length - 1] = { ...last, to };
  else phases.push({ kind, from, to });
}

/** When the boot was over: the end of the last start, task or event of it; the chart need not show more. */
export function horizonOf(boot: BootAnswer, bars: readonly Bar[]): number {
  const moments = boot.records.filter(({ state }) => state !== "running").map(({ at }) => at);
  const last = Math.max(1, ...moments, ...bars.map(({ ready }) => ready ?? 0));
  return boot.phase === "booting" ? boot.now : Math.min(boot.now, last * 1.05);
}

const marks: Readonly<Record<Phase["kind"], string>> = {
  blocked: ".",
  hook: "-",
  spawn: "+",
  run: "=",
  stop: "x",
};

/** The chart as text: a line for each instance, `.` blocked, `-` hooks, `+` main starting, `=` running, `x` stopping. */
export function textChart(
  boot: BootAnswer,
  width: number,
  style: Style,
  safe: (text: string) => string,
): string[] {
  const bars = barsOf(boot);
  if (bars.length === 0) return ["No job was started since init began."];
  const horizon = horizonOf(boot, bars);
  const names = bars.map(({ name }) => safe(name));
  const nameWidth = Math.min(30, Math.max(...names.map((name) => name.length)));
  const chartWidth = Math.max(20, width - nameWidth - 14);
  const lines = bars.map((bar, index) => {
    const name = (names[index] ?? "").slice(0, nameWidth).padEnd(nameWidth);
    const ready = bar.ready === null ? "" : seconds(bar.ready);
    return `${style.strong(name)} ${ready.padStart(10)}  ${rowOf(bar, horizon, chartWidth)}`.trimEnd();
  });
  const scale = `${" ".repeat(nameWidth)} ${"ready at".padStart(10)}  0${seconds(horizon).padStart(chartWidth - 1)}`;
  const legend = ". blocked by another job  - hooks  + main starting  = running  x stopping";
  return [style.faint(scale), ...lines, style.faint(legend)];
}

function rowOf(bar: Bar, horizon: number, width: number): string {
  const cells = new Array<string>(width).fill(" ");
  for (const { kind, from, to } of bar.phases) {
    const first = Math.floor((from / horizon) * width);
    const last = Math.min(width - 1, Math.floor((to / horizon) * width));
    for (let cell = first; cell <= last; cell++) cells[cell] = marks[kind];
  }
  return cells.join("");
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`;
}

const colours: Readonly<Record<Phase["kind"], string>> = {
  blocked: "#c9ced6",
  hook: "#f2b950",
  spawn: "#5aa9e6",
  run: "#57b07a",
  stop: "#d9685f",
};
const legends: Readonly<Record<Phase["kind"], string>> = {
  blocked: "blocked by another job",
  hook: "pre-start, post-start",
  spawn: "main starting",
  run: "running",
  stop: "stopping",
};

/** The chart as a picture. */
export function svgChart(boot: BootAnswer): string {
  const bars = barsOf(boot);
  const horizon = horizonOf(boot, bars);
  const left = 200;
  const width = 720;
  const row = 24;
  const top = 64;
  const height = top + bars.length * row + 40;
  const x = (at: number): string => (left + (Math.min(at, horizon) / horizon) * width).toFixed(1);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 100} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="16" font-weight="600" fill="#24292f">Boot: ${seconds(horizon)}</text>`,
  ];
  let legendAt = left;
  for (const kind of Object.keys(colours) as Phase["kind"][]) {
    parts.push(`<rect x="${legendAt}" y="16" width="12" height="12" rx="2" fill="${colours[kind]}"/>`);
    parts.push(`<text x="${legendAt + 17}" y="26" fill="#57606a">${legends[kind]}</text>`);
    legendAt += 40 + legends[kind].length * 6.6;
  }
  for (let tick = 0; tick <= 5; tick++) {
    const at = (horizon * tick) / 5;
    parts.push(`<line x1="${x(at)}" y1="${top - 6}" x2="${x(at)}" y2="${height - 34}" stroke="#eaeef2"/>`);
    parts.push(
      `<text x="${x(at)}" y="${top - 12}" text-anchor="middle" fill="#8c959f">${seconds(at)}</text>`,
    );
  }
  bars.forEach((bar, index) => {
    const y = top + index * row;
    parts.push(
      `<text x="${left - 10}" y="${y + 15}" text-anchor="end" fill="#24292f">${xml(bar.name)}</text>`,
    );
    for (const { kind, from, to } of bar.phases) {
      if (from > horizon) continue;
      const length = Math.max(1.5, Number(x(to)) - Number(x(from))).toFixed(1);
      const title = `<title>${xml(bar.name)}: ${legends[kind]}, ${seconds(from)} to ${seconds(to)}</title>`;
      parts.push(
        `<rect x="${x(from)}" y="${y + 4}" width="${length}" height="${row - 8}" rx="2" fill="${colours[kind]}">${title}</rect>`,
      );
    }
    if (bar.ready !== null) {
      parts.push(`<text x="${left + width + 8}" y="${y + 15}" fill="#57606a">${seconds(bar.ready)}</text>`);
    }
  });
  return `${[...parts, "</svg>"].join("\n")}\n`;
}

/** Names come from outside; what XML does not allow at all becomes a question mark. */
function xml(text: string): string {
  let safe = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code < 0x20 || (code >= 0xd800 && code < 0xe000) || code === 0xfffe || code === 0xffff) safe += "?";
    else if (character === "&") safe += "&amp;";
    else if (character === "<") safe += "&lt;";
    else if (character === ">") safe += "&gt;";
    else safe += character;
  }
  return safe;
}
