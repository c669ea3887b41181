/**
 * The name of a job's log file (docs/upstart.md#77-log-files): no name of a job or an instance leads out of the
 * directory.
 */
export function logFileName(className: string, instance: string): string {
  const name = instance === "" ? className : `${className}-${instance}`;
  return `${name.replaceAll("/", "_")}.log`;
}

/** An instance may be named by anything, however long. */
const longestPrefix = 200;

/**
 * What stands before each line on the container's standard output. Control characters, which an instance's name may
 * hold, are replaced: nobody's output shall pass as another job's.
 */
export function linePrefix(displayName: string): string {
  let name = "";
  for (const character of displayName.slice(0, longestPrefix)) {
    const code = character.codePointAt(0) ?? 0;
    name += code < 0x20 || code === 0x7f ? "?" : character;
  }
  return `${name} | `;
}
