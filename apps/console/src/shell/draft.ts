/** What somebody types over a stored value that others may change meanwhile: neither is lost unseen. Pure. */

export interface Draft<Typed> {
  readonly typed: Typed;
  /** What was stored when the typing began, as text. */
  readonly from: string;
}

export function draftWith<Typed>(
  draft: Draft<Typed> | undefined,
  typed: Typed,
  stored: unknown,
): Draft<Typed> {
  return { typed, from: draft?.from ?? JSON.stringify(stored) };
}

/** Whether saving would replace what somebody else has written since the typing began. */
export function isOvertaken<Typed>(draft: Draft<Typed> | undefined, stored: unknown): boolean {
  return draft !== undefined && draft.from !== JSON.stringify(stored);
}
