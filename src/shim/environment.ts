/** The value of a variable among `KEY=VALUE` entries, "" too; undefined if there is none. */
export function lookUp(environment: readonly string[], key: string): string | undefined {
  const start = `${key}=`;
  return environment.find((entry) => entry.startsWith(start))?.slice(start.length);
}
