/** Suggestions for a misspelt word. Loaded only when there is one. */

/** How many letters have to be added, left out, exchanged or swapped to get from one word to the other. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let best = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) best = Math.min(best, at(before, j - 2) + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return at(row, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}

/** The candidate that is nearest to the word, or undefined if none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const isBegun = candidate.startsWith(word) && word.length > 3;
    // The lengths alone are further apart: anybody may ask for a long name, and PID 1 has better things to do.
    if (!isBegun && Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const away = isBegun ? 1 : distance(word, candidate);
    if (away < bestDistance) {
      best = candidate;
      bestDistance = away;
    }
  }
  return best;
}
