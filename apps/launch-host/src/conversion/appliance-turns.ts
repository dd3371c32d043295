/**
 * Who has the appliance: one at a time, because each is as heavy as a machine. Launches take turns in the
 * order they come; what nobody waits for steps aside as soon as a launch wants it, and is begun again after.
 *
 * T1 Nothing in the background has the appliance while a launch waits for it, but for the time its action
 *    takes to end.
 */
import { createLimiter, type Limiter } from './limiter.ts';

export interface ApplianceTurns {
  readonly conversions: Limiter;
  /** The action is run again, from its beginning, after each launch for which it had to step aside. */
  inBackground<Result>(
    signal: AbortSignal,
    action: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result>;
}

type Outcome<Result> = { readonly result: Result } | 'STEPPED_ASIDE';

export function createApplianceTurns(): ApplianceTurns {
  const appliances = createLimiter(1);
  const background = createLimiter(1);
  let launchesWaiting = 0;
  let backgroundTurn: AbortController | undefined;

  const conversions: Limiter = {
    run: async (signal, action) => {
      launchesWaiting += 1;
      backgroundTurn?.abort(new Error('a launch comes first'));
      let isWaiting = true;
      const begin = () => {
        if (isWaiting) launchesWaiting -= 1;
        isWaiting = false;
      };
      try {
        return await appliances.run(signal, () => {
          begin();
          return action();
        });
      } finally {
        begin();
      }
    },
  };

  const tryOnce = async <Result>(
    signal: AbortSignal,
    action: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Outcome<Result>> => {
    // T1: one that came while this waited is in the queue, and is next.
    if (launchesWaiting > 0) return 'STEPPED_ASIDE';
    const turn = new AbortController();
    backgroundTurn = turn;
    try {
      return { result: await action(AbortSignal.any([signal, turn.signal])) };
    } catch (error) {
      if (turn.signal.aborted && !signal.aborted) return 'STEPPED_ASIDE';
      throw error;
    } finally {
      backgroundTurn = undefined;
    }
  };

  return {
    conversions,
    inBackground: (signal, action) =>
      background.run(signal, async () => {
        for (;;) {
          const outcome = await appliances.run(signal, () => tryOnce(signal, action));
          if (outcome !== 'STEPPED_ASIDE') return outcome.result;
        }
      }),
  };
}
