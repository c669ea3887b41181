/** Numbers of the resources that the `limit` stanza names (docs/upstart.md#210-values, setrlimit(2)). */
const resources: ReadonlyMap<string, number> = new Map([
  ["cpu", 0],
  ["fsize", 1],
  ["data", 2],
  ["stack", 3],
  ["core", 4],
  ["rss", 5],
  ["nproc", 6],
  ["nofile", 7],
  ["memlock", 8],
  ["as", 9],
  ["sigpending", 11],
  ["msgqueue", 12],
  ["nice", 13],
  ["rtprio", 14],
]);

/** The number of a resource, or undefined if `limit` has no such keyword. */
export function resourceNumber(keyword: string): number | undefined {
  return resources.get(keyword);
}

/** The keyword of a resource number; the number itself if it has none. */
export function resourceKeyword(number: number): string {
  for (const [keyword, value] of resources) if (value === number) return keyword;
  return String(number);
}
