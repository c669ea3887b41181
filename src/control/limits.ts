/**
 * Limits of the control socket. An owner is root or upinit's own user; the others may only ask the queries, so they
 * are given less room.
 */
export const limits = {
  /** Longest message (one line) in bytes. */
  ownerMessage: 256 * 1024,
  otherMessage: 4 * 1024,
  /** Nesting of arrays and objects in a message. */
  depth: 16,
  /** Requests in one batch. */
  batch: 128,
  /**
   * Connections open at a time: all together, and those of all who are no owner; there each uid has one all the same.
   * Where there are too many, the oldest idle one goes.
   */
  connections: 512,
  otherConnections: 64,
  /** Requests of one client read ahead while an earlier one is being answered; then reading stops. */
  ahead: 32,
  /** Queued output at which the next request of that client has to wait. */
  output: 64 * 1024,
  /** Queued output at which notifications (watch, log) are dropped and counted. */
  notifications: 256 * 1024,
  /** Answers of one batch, in characters: what is beyond is refused. */
  ownerBatchAnswers: 4 * 1024 * 1024,
  otherBatchAnswers: 64 * 1024,
  /** Answers that all who are no owner have not taken yet, in characters; at this nothing more is made for them. */
  othersQueued: 2 * 1024 * 1024,
  /** Milliseconds of one turn of the loop for all who are no owner. */
  othersTurn: 10,
  /** Connections of one uid that is no owner. */
  ofOneUser: 32,
  /** Milliseconds that somebody who is no owner may keep a connection without asking anything. */
  otherIdle: 10_000,
} as const;
