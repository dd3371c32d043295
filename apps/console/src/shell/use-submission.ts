/**
 * A form that is sent. Unlike a change (`use-change.ts`) a failure belongs to the form: it is shown there,
 * and what was typed stays to be corrected.
 */
import { useState } from 'react';
import { type ApiFailure, failureOf } from '../api/failure.ts';
import { useConsole } from './console-context.tsx';
import { useFlashes } from './flashes.tsx';

export interface SubmissionOptions<Output> {
  readonly work: () => Promise<Output>;
  readonly says?: (output: Output) => string;
  /** Only when it worked. */
  readonly onDone?: (output: Output) => void;
}

export interface Submission {
  readonly isBusy: boolean;
  readonly failure: ApiFailure | undefined;
  readonly run: () => void;
}

export function useSubmission<Output>({ work, says, onDone }: SubmissionOptions<Output>): Submission {
  const { queries } = useConsole();
  const { done } = useFlashes();
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  const send = async () => {
    setIsBusy(true);
    setFailure(undefined);
    try {
      const output = await work();
      if (says !== undefined) done(says(output));
      onDone?.(output);
    } catch (error) {
      setFailure(failureOf(error));
    }
    setIsBusy(false);
    queries.refreshAll();
  };
  return { isBusy, failure, run: () => void send() };
}
