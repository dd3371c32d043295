/** What is typed into a form that shows a stored value; it stays when another person changes that value. */
import { useState } from 'react';
import { type Draft, draftWith, isOvertaken } from './draft.ts';

export interface FormDraft<Typed> {
  /** Absent: nothing was typed, and the form shows what is stored. */
  readonly typed: Typed | undefined;
  /** The form says so (`OvertakenAlert`) before it is saved. */
  readonly isOvertaken: boolean;
  readonly type: (typed: Typed) => void;
  readonly discard: () => void;
}

export function useDraft<Typed>(stored: unknown): FormDraft<Typed> {
  const [draft, setDraft] = useState<Draft<Typed>>();
  return {
    typed: draft?.typed,
    isOvertaken: isOvertaken(draft, stored),
    type: (typed) => setDraft((before) => draftWith(before, typed, stored)),
    discard: () => setDraft(undefined),
  };
}
