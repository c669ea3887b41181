/** What every bench shares: programs in turn instead of one after the other, medians, ratios within one run. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function shuffled<T>(values: readonly T[]): T[] {
  const result = [...values];
  for (let at = result.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
}

/**
 * Measures each subject once a round, in another order every round, so that a busy moment of the machine meets all
 * of them alike. Gives the samples of each, in the order of the rounds.
 */
export async function interleave<Subject>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject) => number | Promise<number>,
): Promise<Map<Subject, number[]>> {
  const samples = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of shuffled(subjects)) samples.get(subject)?.push(await measure(subject));
  }
  return samples;
}

/** Median of the differences round by round. */
export function pairedDifference(samples: readonly number[], base: readonly number[]): number {
  return median(samples.map((sample, round) => sample - (base[round] ?? Number.NaN)));
}

export interface Verdict {
  readonly what: string;
  readonly kept: boolean;
}

/** A table and what its budgets say. */
export interface Report {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [name: string, ...values: string[]])[];
  readonly verdicts: readonly Verdict[];
}

export function print({ title, columns, rows, verdicts }: Report): void {
  const lines = [["", ...columns], ...rows];
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  console.log(`\n${title}`);
  for (const line of lines) {
    console.log(
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    );
  }
  for (const { what, kept } of verdicts) console.log(`${kept ? "kept  " : "MISSED"} ${what}`);
}
