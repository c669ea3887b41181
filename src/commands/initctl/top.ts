import { type TopAnswer, topAnswer } from "../../control/answers.ts";
import { unexpected } from "../answer.ts";
import { jsonOption, type SubCommand, UsageError } from "../command.ts";
import { connectFor, explained } from "../connection.ts";
import { printJson, printLines } from "../output.ts";
import { styleFor } from "../style.ts";
import { Meter, topLines } from "../top.ts";

export const command: SubCommand = {
  name: "top",
  group: "Observation",
  summary: "Show jobs, states, restarts, CPU and memory on a live screen.",
  arguments: "",
  options: [
    { long: "interval", short: "d", value: "SECONDS", help: "time between two pictures (default 2)" },
    { long: "once", short: "1", help: "print one picture and end, as when standard output is no terminal" },
    jsonOption,
  ],
  description: "q or an interrupt ends it.",
  async run(call) {
    const interval = intervalOf(call.options.get("interval") ?? "2");
    const client = connectFor(call);
    const meter = new Meter();
    const ask = (): TopAnswer => {
      const answer = topAnswer.safeParse(client.request("top"));
      if (!answer.success) throw unexpected("top");
      return answer.data;
    };
    const picture = (): string[] => {
      const answer = ask();
      return topLines(answer, meter.measure(answer), styleFor(call.environment));
    };
    try {
      const { isScreen, showLive } = await import("../screen.ts");
      if (call.options.has("json")) printJson(meter.measure(ask()));
      else if (call.options.has("once") || !isScreen()) printLines(picture());
      else showLive(picture, interval);
      return 0;
    } catch (error) {
      throw explained(error, "top");
    } finally {
      client.close();
    }
  },
};

function intervalOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new UsageError(`illegal interval: ${text}`);
  return seconds * 1000;
}
