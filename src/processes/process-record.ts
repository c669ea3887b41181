/** What /proc says of a process (proc_pid_stat(5)). */
export interface ProcessRecord {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks after boot: with the pid it names a process for good. */
  readonly startTime: number;
}

/** Where starttime (field 22) is among the fields after the command's name. */
const startTimeIndex = 19;

/** Parses the text of /proc/PID/stat. The command's name may hold anything, parentheses and blanks too. */
export function parseStat(text: string): ProcessRecord | null {
  const end = text.lastIndexOf(")");
  if (end < 0) return null;
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(end + 2).split(" ");
  const [state = "", parent, group, session] = fields;
  const record = {
    pid,
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime: Number(fields[startTimeIndex]),
  };
  return Number.isNaN(record.pid + record.parent + record.group + record.session + record.startTime)
    ? null
    : record;
}
