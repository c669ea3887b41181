/** Which jobs are being restarted one replica after the other, and who waits for the end of that. */
export class RollingRestarts {
  /** By job: what runs when its rolling restart is over. */
  readonly #underWay = new Map<string, (() => void)[]>();

  /** Begins one; null if there is one already. The returned function ends it. */
  begin(job: string): (() => void) | null {
    if (this.#underWay.has(job)) return null;
    this.#underWay.set(job, []);
    return () => {
      const waiting = this.#underWay.get(job) ?? [];
      this.#underWay.delete(job);
      for (const run of waiting) run();
    };
  }

  /** Runs it once no rolling restart of the job is under way: at once if none is. */
  after(job: string, run: () => void): void {
    const waiting = this.#underWay.get(job);
    if (waiting === undefined) run();
    else waiting.push(run);
  }
}
