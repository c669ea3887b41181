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
  /** When it failed first; null if it never did. */
  readonly failed: number | null;
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
  const open = new Map<string, OpenBar>();
  for (const { type, at, job, instance, state, failed } of boot.records) {
    if (type !== "state" || job === undefined || state === undefined) continue;
    const name = displayName({ name: job, instance: instance ?? "" });
    let bar = open.get(name);
    if (bar === undefined) {
      bar = { name, phases: [], ready: null, failed: null, state, since: at };
      open.set(name, bar);
    } else addPhase(bar.phases, bar.state, bar.since, at);
    if (state === "running") bar.ready ??= at;
    if (failed) bar.failed ??= at;
    bar.state = state;
    bar.since = at;
  }
  for (const bar of open.values()) addPhase(bar.phases, bar.state, bar.since, boot.now);
  return [...open.values()]
    .map(({ name, phases, ready, failed }) => ({ name, phases, ready, failed }))
    .filter(isVisible);
}

/** A bar that is being drawn: what it has, and the state that it is in. */
interface OpenBar {
  readonly name: string;
  readonly phases: Phase[];
  ready: number | null;
  failed: number | null;
  state: string;
  since: number;
}

function isVisible({ phases, ready, failed }: Bar): boolean {
  return phases.length > 0 || ready !== null || failed !== null;
}

function addPhase(phases: Phase[], state: string, from: number, to: number): void {
  if (state === "waiting" || from === to) return;
  const kind = kinds[state] ?? "stop";
  const last = phases.at(-1);
  if (last !== undefined && last.kind === kind && last.to === from)
    phases[phases.length - 1] = { ...last, to };
  else phases.push({ kind, from, to });
}

/**
 * Where the chart ends: where the boot ended, or what was on its way then was up; `until` names an event whose end is
 * meant instead, `all` means now. Null if that event has not come to its end.
 */
export function horizonOf(boot: BootAnswer, bars: readonly Bar[], until: Until): number | null {
  if (until.type === "all" || (until.type === "boot" && boot.booted === null)) return boot.now;
  if (until.type === "event") {
    const end = boot.records.find(({ event, finished }) => event === until.event && finished === true);
    return end === undefined ? null : withMargin(end.at, boot);
  }
  let end = boot.booted as number;
  for (const { phases, ready } of bars) {
    const isOnItsWay = phases.some(({ from, to }) => from <= (boot.booted as number) && to > from);
    if (isOnItsWay && ready !== null) end = Math.max(end, ready);
  }
  return withMargin(end, boot);
}

export type Until = { readonly type: "boot" | "all" } | { readonly type: "event"; readonly event: string };

/** What happens last is to be seen. */
function withMargin(end: number, { now }: BootAnswer): number {
  return Math.min(now, Math.max(1, end * 1.05));
}

/** Round moments from 0 on, at most so many after it. */
export function ticksOf(horizon: number, most: number): number[] {
  const rough = horizon / most;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * unit >= rough) as number) * unit;
  const ticks: number[] = [];
  for (let tick = 0; tick * step <= horizon; tick++) ticks.push(tick * step);
  return ticks;
}

const marks: Readonly<Record<Phase["kind"], string>> = {
  blocked: ".",
  hook: "-",
  spawn: "+",
  run: "=",
  stop: "x",
};

const readyMark = "|";
const failureMark = "!";
const legend = ". blocked by another job  - hooks  + main starting  = running  x stopping  | ready  ! failed";

/** The chart as text: a line for each instance, and what its marks mean. */
export function textChart(
  boot: BootAnswer,
  bars: readonly Bar[],
  horizon: number,
  width: number,
  style: Style,
  safe: (text: string) => string,
): string[] {
  const shown = bars.filter((bar) => beginOf(bar) <= horizon);
  if (shown.length === 0)
    return [`No job was started since init began${boot.records.length === 0 ? "" : " until then"}.`];
  const names = shown.map(({ name }) => safe(name));
  const nameWidth = Math.min(30, Math.max(...names.map((name) => name.length)));
  const chartWidth = Math.max(20, width - nameWidth - 14);
  const lines = shown.map((bar, index) => {
    const name = (names[index] ?? "").slice(0, nameWidth).padEnd(nameWidth);
    const isReady = bar.ready !== null && bar.ready <= horizon;
    const ready = isReady ? seconds(bar.ready as number) : "";
    return `${style.strong(name)} ${ready.padStart(10)}  ${rowOf(bar, horizon, chartWidth)}`.trimEnd();
  });
  const scale = `${" ".repeat(nameWidth)} ${"ready at".padStart(10)}  ${scaleOf(horizon, chartWidth)}`;
  return [style.faint(scale), ...lines, style.faint(legend)];
}

/** When it first was on its way. */
function beginOf({ phases, ready, failed }: Bar): number {
  return phases[0]?.from ?? ready ?? failed ?? 0;
}

/** Round moments, each written from the column that it stands for; those for which there is no room are left out. */
function scaleOf(horizon: number, width: number): string {
  let scale = "";
  for (const tick of ticksOf(horizon, 6)) {
    const column = columnOf(tick, horizon, width);
    const text = `${Number((tick / 1000).toPrecision(6))} s`;
    if (column < scale.length + (scale === "" ? 0 : 1) || column + text.length > width) continue;
    scale = `${scale.padEnd(column)}${text}`;
  }
  return scale;
}

function columnOf(at: number, horizon: number, width: number): number {
  return Math.min(width - 1, Math.floor((at / horizon) * width));
}

function rowOf({ phases, ready, failed }: Bar, horizon: number, width: number): string {
  const cells = new Array<string>(width).fill(" ");
  for (const { kind, from, to } of phases) {
    if (from > horizon) continue;
    const last = columnOf(to, horizon, width);
    for (let cell = columnOf(from, horizon, width); cell <= last; cell++) cells[cell] = marks[kind];
  }
  if (ready !== null && ready <= horizon) cells[columnOf(ready, horizon, width)] = readyMark;
  if (failed !== null && failed <= horizon) cells[columnOf(failed, horizon, width)] = failureMark;
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
export function svgChart(all: readonly Bar[], horizon: number): string {
  const bars = all.filter((bar) => beginOf(bar) <= horizon);
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
  for (const at of ticksOf(horizon, 6)) {
    parts.push(`<line x1="${x(at)}" y1="${top - 6}" x2="${x(at)}" y2="${height - 34}" stroke="#eaeef2"/>`);
    parts.push(
      `<text x="${x(at)}" y="${top - 12}" text-anchor="middle" fill="#8c959f">${Number((at / 1000).toPrecision(6))} s</text>`,
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
    if (bar.ready !== null && bar.ready <= horizon) {
      const at = x(bar.ready);
      parts.push(
        `<line x1="${at}" y1="${y + 2}" x2="${at}" y2="${y + row - 2}" stroke="#24292f" stroke-width="2"/>`,
      );
      parts.push(`<text x="${left + width + 8}" y="${y + 15}" fill="#57606a">${seconds(bar.ready)}</text>`);
    }
    if (bar.failed !== null && bar.failed <= horizon) {
      const title = `<title>${xml(bar.name)}: failed, ${seconds(bar.failed)}</title>`;
      parts.push(
        `<text x="${x(bar.failed)}" y="${y + 17}" text-anchor="middle" font-weight="700" font-size="15" fill="#b42318">×${title}</text>`,
      );
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
