/** Programmer errors only: crash, restart, recover from disk. Operating errors are `OperationError`. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** Throws `AssertionFailure` when `condition` does not hold; `message` cites the invariant (J1, C2 …). */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** Closes a tagged union: reached only when a variant was added and a switch was not. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable variant: ${JSON.stringify(value)}`);
}
