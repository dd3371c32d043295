/** Above a list that stays: its answer takes long, or the newest question failed. */
import type { ReactNode } from 'react';
import type { Answer } from '../api/live-queries.ts';
import { FailureAlert, SlowNote } from './live-state.tsx';

export interface AnswerNotesProps {
  readonly answer: Answer<unknown>;
  readonly onRetry: () => void;
}

export function AnswerNotes({ answer, onRetry }: AnswerNotesProps): ReactNode {
  const { value, failure, isSlow } = answer;
  return (
    <>
      {isSlow && <SlowNote />}
      {failure !== undefined && (
        <FailureAlert failure={failure} onRetry={onRetry} isStale={value !== undefined} />
      )}
    </>
  );
}
