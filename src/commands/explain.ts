import type { ConditionProgress, Explanation, InstanceExplanation } from "../control/answers.ts";
import { statusLines } from "./render.ts";
import type { Style } from "./style.ts";
import { span } from "./text.ts";

/** An explanation for people: first why, in a sentence, then the details. `safe` makes outside text harmless. */
export function explainLines(job: Explanation, style: Style, safe: (text: string) => string): string[] {
  const lines = [`${style.strong(safe(job.name))}  ${style.faint(safe(job.path))}`];
  if (job.description !== null) lines.push(`  ${safe(job.description)}`);
  if (job.fileProblem !== null)
    lines.push(
      `  ${style.bad("Its file has an error, so what was read before counts:")} ${safe(job.fileProblem)}`,
    );
  else if (job.fileChanged)
    lines.push("  Its file has changed: `initctl update` brings the new definition into force.");
  if (job.instances.length === 0) lines.push("", `  ${verdictWithoutInstance(job, safe)}`);
  for (const instance of job.instances) {
    lines.push("", ...statusLines(instance).map((line) => `  ${safe(line)}`));
    lines.push(`  ${verdict(job, instance, safe)}`);
    if (instance.stopOn !== null)
      lines.push("", "  stop on", ...conditionLines(instance.stopOn, style, safe));
    if (instance.probes.length > 0) lines.push("", ...probeLines(job, instance, style, safe));
    if (instance.respawn.enabled) lines.push("", `  ${respawnText(instance)}`);
  }
  if (job.schedule !== null) lines.push("", ...scheduleLines(job.schedule, safe));
  if (job.requires.length > 0) lines.push("", "  requires", ...requirementLines(job, style, safe));
  if (job.startOn !== null) lines.push("", "  start on", ...conditionLines(job.startOn, style, safe));
  if (job.exits.length > 0) lines.push("", "  last ends of processes", ...exitLines(job, style));
  if (job.output.length > 0) {
    lines.push("", "  last output", ...job.output.map((line) => `    ${style.faint("|")} ${safe(line)}`));
  }
  return lines;
}

function verdictWithoutInstance(job: Explanation, safe: (text: string) => string): string {
  const lacking = job.requires.filter(({ there }) => !there).map(({ job: name }) => safe(name));
  if (job.wanted) return `It is down, and starts again when ${lacking.join(", ")} is there.`;
  const failed = failureText(job, safe);
  if (failed !== null) return `It does not run: ${failed}`;
  const ended = endText(job, safe);
  if (ended !== null) return ended;
  if (job.startOn === null && job.schedule !== null) return "It waits for its schedule.";
  if (job.startOn === null && lacking.length > 0)
    return `It does not run: it starts once ${lacking.join(", ")} is there.`;
  if (job.startOn === null)
    return "It does not run: nothing starts it but `initctl start` (it has no `start on`).";
  const missing = missingEvents(job.startOn).map((leaf) => safe(eventText(leaf)));
  const what = job.task ? "It is a task that does not run now" : "It does not run";
  return `${what}: it waits for ${missing.join(", ")}.`;
}

/** How its last instance came to its end. */
function endText({ task, lastStop, now }: Explanation, safe: (text: string) => string): string | null {
  if (lastStop === null) return null;
  const ago = `${span(now - lastStop.at)} ago`;
  if (task && lastStop.wasEnd) return `It is done: its last run ended well, ${ago}.`;
  return `It does not run: it was stopped ${safe(lastStop.why)}, ${ago}.`;
}

/** The last failure, if nothing has happened to the job since. */
function failureText(job: Explanation, safe: (text: string) => string): string | null {
  const failure = job.lastFailure;
  if (failure === null || (job.exits.at(-1)?.at ?? 0) > failure.at) return null;
  const ago = `${span(job.now - failure.at)} ago`;
  if (failure.respawnLimit) {
    const { count, interval } = job.respawnLimit;
    return `it was respawned more than ${count} times in ${interval} s (the respawn limit), ${ago}; at last its main process ${safe(failure.reason)}.`;
  }
  if (failure.process === "requires") return `${safe(failure.reason)}, ${ago}.`;
  return `its ${failure.process} process ${safe(failure.reason)}, ${ago}.`;
}

const processOfState: Readonly<Record<string, string>> = {
  "pre-start": "pre-start",
  "post-start": "post-start",
  "pre-stop": "pre-stop",
  "post-stop": "post-stop",
  security: "security",
};

function verdict(job: Explanation, instance: InstanceExplanation, safe: (text: string) => string): string {
  const since = span(instance.since);
  const { state, goal, waitsFor } = instance;
  if (waitsFor !== undefined)
    return `It has been waiting for ${since} for ${waitsFor.map(safe).join(", which waits for ")}.`;
  if (state === "running")
    return goal === "start"
      ? `It has been running for ${since}${instance.started === "" ? "" : `, started ${safe(instance.started)}`}.`
      : `It is about to stop: it is stopped ${safe(instance.stopped)}.`;
  if (instance.blockedBy !== null) {
    const { event, jobs } = instance.blockedBy;
    const holders = jobs.length === 0 ? "conditions that are half fulfilled" : jobs.map(safe).join(", ");
    return `It has been held in ${state} for ${since}: its event \`${event}\` waits for ${holders}.`;
  }
  const process = processOfState[state];
  if (process !== undefined) return `Its ${process} process has been running for ${since}.`;
  const ready = instance.probes.find(({ role }) => role === "ready");
  if (ready !== undefined)
    return `It is not ready yet, ${since} after its main process began: ${safe(ready.probe)}: ${safe(ready.reason === "" ? "not tried yet" : ready.reason)}.`;
  if (state === "spawned" && job.expect !== "none") {
    return `It has been waiting for ${since} for its main process to ${expectationText(job.expect)} (\`expect ${job.expect}\`).`;
  }
  if (state === "killed") return `Its main process was told to end ${since} ago and has not ended yet.`;
  return `It has been in ${state} for ${since}.`;
}

function scheduleLines(
  schedule: NonNullable<Explanation["schedule"]>,
  safe: (text: string) => string,
): string[] {
  const { schedules, next, last, zone, skipped, took, good } = schedule;
  const time = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
  const lines = ["  schedule", ...schedules.map((text) => `    ${safe(text)}`)];
  if (next !== null) lines.push(`    next ${time(next)}${zone === "" ? "" : `, by ${safe(zone)}`}`);
  if (last !== null) {
    const end = took === null ? "" : `, ${good === true ? "ended well" : "failed"} after ${span(took)}`;
    lines.push(`    last ${time(last)}${end}`);
  }
  if (skipped > 0) lines.push(`    ${skipped} skipped, since one still ran`);
  return lines;
}

function probeLines(
  job: Explanation,
  { probes }: InstanceExplanation,
  style: Style,
  safe: (text: string) => string,
): string[] {
  const lines = probes.map(({ role, probe, result, failures, reason }) => {
    const word = result === "good" ? "well" : result === "bad" ? style.bad("unhealthy") : "unknown";
    const count = failures > 0 ? `, ${failures} failed in a row` : "";
    return `    ${role} ${safe(probe)}  ${word}${count}${reason === "" ? "" : `: ${safe(reason)}`}`;
  });
  const action = job.checkAction === null ? "" : ` (on failure ${job.checkAction})`;
  return [`  probes${action}`, ...lines];
}

function requirementLines({ requires }: Explanation, style: Style, safe: (text: string) => string): string[] {
  return requires.map(({ job, soft, there, state }) => {
    const mark = there ? "[x]" : style.bad("[ ]");
    return `    ${mark} ${safe(job)}${soft ? " (soft)" : ""}  ${state}`;
  });
}

function expectationText(expect: Explanation["expect"]): string {
  switch (expect) {
    case "stop":
      return "stop itself with SIGSTOP";
    case "fork":
      return "fork once";
    case "daemon":
      return "fork twice";
    default:
      return "say that it is ready";
  }
}

function respawnText({ respawn }: InstanceExplanation): string {
  if (respawn.limit === 0 || respawn.interval === 0) return "respawn: without limit";
  return `respawn: ${respawn.count} of ${respawn.limit} in ${respawn.interval} s used`;
}

/** The operators as a list with indentation, each event with a mark of whether it has come. */
function conditionLines(
  condition: ConditionProgress,
  style: Style,
  safe: (text: string) => string,
): string[] {
  const lines: string[] = [];
  const todo = [{ node: condition, depth: 2 }];
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    const { node, depth } = item;
    const indent = "  ".repeat(depth);
    if (node.type === "match") {
      const mark = node.value ? style.good("[x]") : "[ ]";
      lines.push(`${indent}${mark} ${safe(eventText(node))}${emitterText(node, style, safe)}`);
      continue;
    }
    lines.push(`${indent}${node.type === "and" ? "all of" : "one of"}`);
    // `a and b and c` is one list, though the tree has two levels of it.
    const parts = operands(node);
    for (const part of parts.toReversed()) todo.push({ node: part, depth: depth + 1 });
  }
  return lines;
}

/** Operands of the same operator, taken together. */
function operands(node: ConditionProgress): ConditionProgress[] {
  const found: ConditionProgress[] = [];
  const todo = [node.right, node.left];
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part.type === node.type) todo.push(part.right, part.left);
    else found.push(part);
  }
  return found;
}

function eventText(leaf: ConditionProgress): string {
  return [leaf.event ?? "", ...(leaf.args ?? [])].join(" ");
}

function emitterText(leaf: ConditionProgress, style: Style, safe: (text: string) => string): string {
  if (leaf.value || leaf.emitters === undefined) return "";
  if (leaf.emitters.length === 0) return `  ${style.bad("(no loaded job emits this)")}`;
  return `  ${style.faint(`(from ${leaf.emitters.map(safe).join(", ")})`)}`;
}

/** The leaves that have to come for the condition to become true: of an `or` those of all branches. */
export function missingEvents(condition: ConditionProgress): ConditionProgress[] {
  const missing: ConditionProgress[] = [];
  const todo = [condition];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    if (node.value) continue;
    if (node.type === "match") missing.push(node);
    else if (node.left !== undefined && node.right !== undefined) todo.push(node.right, node.left);
  }
  return missing;
}

function exitLines(job: Explanation, style: Style): string[] {
  return job.exits.map((exit) => {
    const how =
      exit.signal !== undefined
        ? style.bad(`killed by ${exit.signal} signal${exit.detail === undefined ? "" : `: ${exit.detail}`}`)
        : exit.status === 0
          ? "exited normally"
          : style.bad(`terminated with status ${exit.status}`);
    return `    ${exit.process} process (${exit.pid}) ${how}, ${span(job.now - (exit.at ?? 0))} ago`;
  });
}
