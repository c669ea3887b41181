import { writeText } from "upinit:native";

function line(fd: number): (...values: unknown[]) => void {
  return (...values) => {
    writeText(fd, `${values.map(String).join(" ")}\n`);
  };
}

/** What packages warn with. */
export const console = {
  log: line(1),
  info: line(1),
  debug: line(1),
  warn: line(2),
  error: line(2),
  trace: line(2),
};
