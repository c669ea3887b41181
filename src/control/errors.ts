import type { RequestError } from "../jobs/messages.ts";

/** Names of what can go wrong, stable; they stand in `error.data.name` of an answer. */
export type ErrorName =
  | RequestError
  | "PermissionDenied"
  | "NoSuchVariable"
  | "Timeout"
  | "Stopping"
  | "TooManyConnections"
  | "Busy"
  | "Replicas"
  | "MessageTooLong"
  | "ParseError"
  | "InvalidRequest"
  | "MethodNotFound"
  | "Internal";

/** JSON-RPC 2.0 code of each name: its own range for protocol errors, small positive numbers for ours. */
export const errorCodes: Readonly<Record<ErrorName, number>> = {
  ParseError: -32700,
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidArgs: -32602,
  Internal: -32603,
  TooManyConnections: -32000,
  MessageTooLong: -32001,
  Busy: -32002,
  UnknownJob: 1,
  UnknownInstance: 2,
  AlreadyStarted: 3,
  AlreadyStopped: 4,
  NotRunning: 5,
  JobFailed: 6,
  EventFailed: 7,
  PermissionDenied: 8,
  NoSuchVariable: 9,
  Timeout: 10,
  Stopping: 11,
  Replicas: 12,
};

/** What the `data` of an error may hold beside the name. */
export interface ErrorDetails {
  /** The job's `usage` text, when an argument was missing or wrong. */
  readonly usage?: string;
  /** What upinit adds to Upstart's line: what failed, what was probably meant. */
  readonly hint?: string;
  /** The replicas that are meant where none is named. */
  readonly replicas?: readonly string[];
  /** The job's status at the time of a Timeout. */
  readonly status?: unknown;
}

/** The `error` member of an answer. */
export interface ErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly name: ErrorName } & ErrorDetails;
}

/** A refusal that a method throws; the text is for people and is shown as it is. */
export class MethodError extends Error {
  readonly error: ErrorName;
  readonly details: ErrorDetails;

  constructor(error: ErrorName, message: string, details: ErrorDetails = {}) {
    super(message);
    this.error = error;
    this.details = details;
  }
}

export function errorObject(name: ErrorName, message: string, details: ErrorDetails = {}): ErrorObject {
  return { code: errorCodes[name], message, data: { name, ...details } };
}
