/**
 * What it takes to say that a part of a disk is free. Whoever reads a file system's own records of its
 * space calls `demand` for everything that has to hold; the first thing that does not makes the whole
 * volume copied.
 */
export class NotProved extends Error {}

export function demand(holds: boolean, whyNot: string): asserts holds {
  if (!holds) throw new NotProved(whyNot);
}

/** Bytes of the volume, from its beginning. */
export type FoundFree = (offsetBytes: number, lengthBytes: number) => void;

/** Bytes of the volume; all of them, or it rejects. */
export type ReadVolume = (offsetBytes: number, lengthBytes: number) => Promise<Buffer>;
