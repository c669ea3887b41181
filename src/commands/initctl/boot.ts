import * as native from "upinit:native";
import { type BootAnswer, bootAnswer } from "../../control/answers.ts";
import { unexpected } from "../answer.ts";
import { barsOf, horizonOf, svgChart, textChart, type Until } from "../boot-chart.ts";
import { CommandError, type Invocation, jsonOption, type SubCommand, UsageError } from "../command.ts";
import { ask } from "../connection.ts";
import { forTerminal, printJson, printLines, write } from "../output.ts";
import { columns, styleFor } from "../style.ts";

export const command: SubCommand = {
  name: "boot",
  group: "Observation",
  summary: "Show where the time of the boot went, job by job.",
  arguments: "",
  options: [
    { long: "svg", value: "FILE", help: "write a picture into FILE (-: standard output)" },
    { long: "until", value: "EVENT", help: "show what was before the end of this event" },
    { long: "all", short: "a", help: "show everything until now" },
    jsonOption,
  ],
  description:
    "The chart ends where the boot ended, or where what was on its way then was up. The records are bounded: what comes long after the boot is not kept.",
  run(call) {
    const answer = bootAnswer.safeParse(ask(call, "boot"));
    if (!answer.success) throw unexpected("boot");
    if (call.options.has("json")) printJson(answer.data);
    else draw(call, answer.data);
    return 0;
  },
};

function draw(call: Invocation, boot: BootAnswer): void {
  const bars = barsOf(boot);
  const until = untilOf(call);
  const horizon = horizonOf(boot, bars, until);
  if (horizon === null && until.type === "event")
    throw new CommandError(`The event ${until.event} has not been finished since init began`);
  const file = call.options.get("svg");
  if (file !== undefined) writePicture(file, svgChart(bars, horizon ?? boot.now));
  else {
    const style = styleFor(call.environment);
    printLines(textChart(boot, bars, horizon ?? boot.now, columns(), style, forTerminal));
  }
}

function untilOf({ options }: Invocation): Until {
  const event = options.get("until");
  if (event !== undefined && options.has("all"))
    throw new UsageError("--until and --all contradict each other");
  if (event !== undefined) return { type: "event", event };
  return { type: options.has("all") ? "all" : "boot" };
}

function writePicture(file: string, picture: string): void {
  if (file === "-") {
    write(1, picture);
    return;
  }
  const fd = native.open(file, native.O_WRONLY | native.O_CREAT | native.O_TRUNC, 0o644);
  if (fd < 0) throw new CommandError(`Unable to write ${file}: ${native.errorText(-fd)}`);
  write(fd, picture);
  native.close(fd);
}
