/** `--respawn`: when CMD is started again after its end, and when no more. Pure; times are in ms. */

export interface RespawnOptions {
  /** More than `limit` starts within `interval` end it; Infinity for no limit. */
  readonly limit: number;
  readonly interval: number;
  /** The first pause, doubled each time up to `most`, and back to the first after a run that lasted longer than that. */
  readonly least: number;
  readonly most: number;
}

export class Respawn {
  readonly #options: RespawnOptions;
  #count = 0;
  #since = Number.NEGATIVE_INFINITY;
  #pause: number;

  constructor(options: RespawnOptions) {
    this.#options = options;
    this.#pause = options.least;
  }

  /** CMD ended at `now` after running for `ran`: how long to wait before the next start, or null to give up. */
  next(now: number, ran: number): number | null {
    const { limit, interval, least, most } = this.#options;
    if (now - this.#since > interval) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count > limit) return null;
    if (ran > most) this.#pause = least;
    const pause = this.#pause;
    this.#pause = Math.min(most, pause * 2);
    return pause;
  }
}
