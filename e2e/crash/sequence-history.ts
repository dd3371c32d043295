/**
 * What one sequential writer did: its transactions 1, 2, 3 …, when each was begun and when it was
 * acknowledged. At a cut, everything acknowledged before must be there, and nothing begun after it (C1, C2);
 * the transaction that was under way may be either. A last one that was never logged (its writer was ended
 * before it could say so) counts as under way.
 */
import { addProofs, CLOCK_SLACK_MS, type CutTime, check, type Proof } from './proof.ts';

export interface Transaction {
  readonly beginMs: number;
  readonly acknowledgedMs: number;
}

export type SequenceHistory = readonly Transaction[];

/** `present`: the number of the last transaction that is there, when all before it are. */
export function proveSequence(options: {
  readonly who: string;
  readonly history: SequenceHistory;
  readonly present: number;
  readonly cut: CutTime;
}): Proof {
  const { who, history, present, cut } = options;
  const acknowledged = countWhile(history, (one) => one.acknowledgedMs < cut.cutTimeMs - CLOCK_SLACK_MS);
  const begun = countWhile(history, (one) => one.beginMs <= cut.cutTimeMs + CLOCK_SLACK_MS);
  const begunMax = begun === history.length ? begun + 1 : begun;
  return addProofs(
    check(present >= acknowledged, () => {
      const last = history[acknowledged - 1]?.acknowledgedMs ?? 0;
      const early = (cut.cutTimeMs - last).toFixed(1);
      return `${who}: ${present} is the last there, but ${acknowledged} was acknowledged ${early} ms before the cut`;
    }),
    check(present <= begunMax, () => {
      const late = ((history[present - 1]?.beginMs ?? Number.NaN) - cut.cutTimeMs).toFixed(1);
      return `${who}: ${present} is there, but it was begun ${late} ms after the cut (the last before it: ${begun})`;
    }),
  );
}

/** Transactions follow each other, so those that meet a bound of time are the first ones. */
function countWhile(history: SequenceHistory, holds: (one: Transaction) => boolean): number {
  const index = history.findIndex((one) => !holds(one));
  return index < 0 ? history.length : index;
}
