import { type OverviewJob, update } from "../../control/answers.ts";
import { asArray, asJobStatus, unexpected } from "../answer.ts";
import { type Invocation, jsonOption, noWaitOption, type SubCommand } from "../command.ts";
import { ask, forever } from "../connection.ts";
import { showStatus } from "../job-command.ts";
import { printAddition, printJson } from "../output.ts";

function hasFailed(call: Invocation, job: string): boolean {
  const rows = asArray(ask(call, "overview"), "overview") as Partial<OverviewJob>[];
  return rows.some(({ name, failed }) => name === job && failed === true);
}

export const command: SubCommand = {
  name: "update",
  group: "Job",
  summary: "Bring changed job files into force.",
  arguments: "[JOB]...",
  options: [noWaitOption, jsonOption],
  description:
    "Reads changed files, and restarts what runs under an older definition, of all jobs or of those that are named; everything else keeps its processes. Fails if a file has an error, or if a job does not come up again.",
  async run(call) {
    const params = call.args.length === 0 ? {} : { jobs: call.args };
    const answer = update.safeParse(ask(call, "update", params));
    if (!answer.success) throw unexpected("update");
    const { updated, problems } = answer.data;
    for (const problem of problems) printAddition(problem);
    if (call.options.has("json")) printJson(answer.data);
    else if (updated.length === 0) printAddition("no job runs under an older definition");
    const status = problems.length > 0 ? 1 : 0;
    if (call.options.has("no-wait")) return status;
    for (const target of updated) {
      const reached = asJobStatus(ask(call, "wait", { ...target, for: "settled" }, forever), "wait");
      if (!call.options.has("json")) showStatus(call, reached);
    }
    return updated.some(({ job }) => hasFailed(call, job)) ? 1 : status;
  },
};
