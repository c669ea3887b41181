/**
 * The conditions of `start on` and `stop on` as the configuration language gives them (docs/upstart.md#23-conditions):
 * a binary tree of operators over event matches. The tree is immutable and shared by all instances of a class; what has
 * arrived so far is kept beside it.
 */
export type Condition = OperatorCondition | MatchCondition;

export interface OperatorCondition {
  readonly type: "and" | "or";
  readonly left: Condition;
  readonly right: Condition;
}

/** One event: `runlevel [2345] PREVLEVEL!=S`. Arguments are kept as written (after quote removal). */
export interface MatchCondition {
  readonly type: "match";
  readonly event: string;
  readonly args: readonly string[];
}
