/** Clean-up in the reverse order of setting up, all of it even when a part fails; `t.after` goes forwards. */
import type { TestContext } from 'node:test';

type Action = () => Promise<unknown> | unknown;

const actionsByTest = new WeakMap<TestContext, Action[]>();

export function cleanUpAfter(t: TestContext, action: Action): void {
  const known = actionsByTest.get(t);
  if (known !== undefined) {
    known.push(action);
    return;
  }
  const actions = [action];
  actionsByTest.set(t, actions);
  t.after(() => runBackwards(actions));
}

async function runBackwards(actions: readonly Action[]): Promise<void> {
  const failures: unknown[] = [];
  for (const action of actions.toReversed()) {
    try {
      await action();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'cleaning up failed');
}
