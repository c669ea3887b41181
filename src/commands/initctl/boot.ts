import * as native from "upinit:native";
import { bootAnswer } from "../../control/answers.ts";
import { unexpected } from "../answer.ts";
import { svgChart, textChart } from "../boot-chart.ts";
import { CommandError, jsonOption, type SubCommand } from "../command.ts";
import { ask } from "../connection.ts";
import { forTerminal, printJson, printLines, write } from "../output.ts";
import { columns, styleFor } from "../style.ts";

export const command: SubCommand = {
  name: "boot",
  group: "Observation",
  summary: "Show where the time went since init began, job by job.",
  arguments: "",
  options: [
    { long: "svg", value: "FILE", help: "write a picture into FILE (-: standard output)" },
    jsonOption,
  ],
  run(call) {
    const answer = bootAnswer.safeParse(ask(call, "boot"));
    if (!answer.success) throw unexpected("boot");
    const file = call.options.get("svg");
    if (file !== undefined) writePicture(file, svgChart(answer.data));
    else if (call.options.has("json")) printJson(answer.data);
    else printLines(textChart(answer.data, columns(), styleFor(call.environment), forTerminal));
    return 0;
  },
};

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
