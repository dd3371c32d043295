/** One change of something: begun by a person, said to be done or failed, and looked for at once. */
import { useState } from 'react';
import { failureOf } from '../api/failure.ts';
import { useConsole } from './console-context.tsx';
import { useFlashes } from './flashes.tsx';

export interface ChangeOptions<Output> {
  readonly work: () => Promise<Output>;
  /** What is said when it worked; absent: nothing. */
  readonly says?: (output: Output) => string;
  /** Over the failure. */
  readonly title?: string;
  /** Afterwards, whatever became of it. */
  readonly onEnd?: () => void;
}

export interface Change {
  readonly isBusy: boolean;
  readonly run: () => void;
}

export function useChange<Output>({ work, says, title, onEnd }: ChangeOptions<Output>): Change {
  const { queries } = useConsole();
  const { done, failed } = useFlashes();
  const [isBusy, setIsBusy] = useState(false);
  const change = async () => {
    setIsBusy(true);
    try {
      const output = await work();
      if (says !== undefined) done(says(output));
    } catch (error) {
      failed(failureOf(error), title);
    }
    setIsBusy(false);
    queries.refreshAll();
    onEnd?.();
  };
  return { isBusy, run: () => void change() };
}
