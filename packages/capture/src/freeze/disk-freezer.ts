/** Keeps the file systems of the scanned disks from being written for a while. */
export interface DiskFreezer {
  /**
   * Writes out and freezes what is mounted of the disks. It is thawed by `thaw`, and otherwise after
   * `limitMs` and when this process ends, however it does. Errors: FREEZE_FAILED, and nothing is frozen.
   */
  freeze(limitMs: number): Promise<FreezeHold>;
}

export interface FreezeHold {
  /** False from when it is being thawed, by whomever. */
  readonly isHeld: boolean;
  /** Resolves when everything is written again. To be called once or more. */
  thaw(): Promise<void>;
}
