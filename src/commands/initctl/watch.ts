import type { WatchNotice } from "../../control/answers.ts";
import { jsonOption, type SubCommand } from "../command.ts";
import { connectFor, explained, forever } from "../connection.ts";
import { forTerminal, printJson, printLine } from "../output.ts";
import { displayName } from "../render.ts";
import { type Style, styleFor } from "../style.ts";

export const command: SubCommand = {
  name: "watch",
  group: "Observation",
  summary: "Show events, changes of goals and states, and ends of processes as they happen.",
  arguments: "[JOB]",
  options: [jsonOption],
  description: "The first column is seconds since init began. With --json, one object a line.",
  run(call) {
    const [job] = call.args;
    const style = styleFor(call.environment);
    const client = connectFor(call);
    try {
      client.request("watch", job === undefined ? {} : { job });
      for (;;) {
        const message = client.notification(forever);
        const notice = noticeOf(message);
        if (notice === null) continue;
        if (call.options.has("json")) printJson(notice);
        else printLine(noticeLine(notice, style));
      }
    } catch (error) {
      throw explained(error, "watch");
    } finally {
      client.close();
    }
  },
};

function noticeOf(message: Record<string, unknown> | null): WatchNotice | null {
  const params = message?.["params"];
  if (typeof params !== "object" || params === null) return null;
  if (message?.["method"] === "dropped") return { at: 0, type: "dropped", ...params } as WatchNotice;
  return message?.["method"] === "watch" ? (params as WatchNotice) : null;
}

/** One line for people. */
export function noticeLine(notice: WatchNotice, style: Style): string {
  const at = style.faint((notice.at / 1000).toFixed(3).padStart(10));
  const job = forTerminal(displayName({ name: notice.job ?? "", instance: notice.instance ?? "" }));
  switch (notice.type) {
    case "event":
      return `${at}  ${eventText(notice, style)}`;
    case "goal":
      return `${at}  ${style.strong(job)} goal ${notice.from} -> ${notice.to}`;
    case "state":
      return `${at}  ${style.strong(job)} ${notice.from} -> ${stateText(notice.to ?? "", style)}`;
    case "process":
      return `${at}  ${style.strong(job)} ${notice.process} process (${notice.pid}) ${endText(notice, style)}`;
    case "dropped":
      return style.bad(`(${notice.count} notices dropped: they came faster than they were read)`);
  }
}

function eventText(notice: WatchNotice, style: Style): string {
  const words = forTerminal([notice.event ?? "", ...(notice.env ?? [])].join(" "));
  if (notice.progress === "handling") return `event ${style.strong(words)}`;
  return notice.failed === true ? `event ${words} ${style.bad("failed")}` : `event ${words} finished`;
}

function stateText(state: string, style: Style): string {
  return state === "running" ? style.good(state) : state;
}

function endText(notice: WatchNotice, style: Style): string {
  if (notice.signal !== undefined) return style.bad(`killed by ${notice.signal} signal`);
  if (notice.status === undefined) return "started";
  return notice.status === 0 ? "exited normally" : style.bad(`terminated with status ${notice.status}`);
}
