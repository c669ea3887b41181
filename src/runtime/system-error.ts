import { errorName, errorText } from "upinit:native";

/** A system call that failed. */
export class SystemError extends Error {
  /** Positive. */
  readonly errno: number;
  /** `ENOENT` and so on. */
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;

  /** `errno` is positive. */
  constructor(errno: number, syscall: string, path?: string) {
    super(`${path === undefined ? syscall : `${syscall} ${path}`}: ${errorText(errno)}`);
    this.name = "SystemError";
    this.errno = errno;
    this.code = errorName(errno);
    this.syscall = syscall;
    if (path !== undefined) this.path = path;
  }
}

/**
 * What a function of the binding gave, unless it is a negative errno: then throws SystemError.
 * `syscall` and `path` are for people.
 */
export function check(result: number, syscall: string, path?: string): number;
export function check<T>(result: T | number, syscall: string, path?: string): T;
export function check<T>(result: T | number, syscall: string, path?: string): T | number {
  if (typeof result === "number" && result < 0) throw new SystemError(-result, syscall, path);
  return result;
}
