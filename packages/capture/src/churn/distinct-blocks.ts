/**
 * How many different blocks were seen, in bounded memory: exact up to SAMPLED_MAX, then by distinct
 * sampling (only blocks whose hash falls into a 2^-level share are kept), which estimates within about 1 %
 * (1/√SAMPLED_MAX). A map of every block, as the tracker has, would cost 32 MiB a TiB for each window.
 * Source: Gibbons 2001, "Distinct sampling for highly-accurate answers to distinct values queries".
 */
export const SAMPLED_MAX = 16_384;

export class DistinctBlocks {
  #kept = new Set<number>();
  #level = 0;

  get count(): number {
    return this.#kept.size * this.weight;
  }

  /** For how many each one that is visited stands. */
  get weight(): number {
    return 2 ** this.#level;
  }

  /** `block` is a number of its own over all disks. */
  add(block: number): void {
    if (!isSampled(block, this.#level)) return;
    this.#kept.add(block);
    while (this.#kept.size > SAMPLED_MAX) this.#raise(this.#level + 1);
  }

  /** As if everything that was added there had been added here. */
  merge(other: DistinctBlocks): void {
    if (other.#level > this.#level) this.#raise(other.#level);
    for (const block of other.#kept) this.add(block);
  }

  forEach(visit: (block: number) => void): void {
    this.#kept.forEach(visit);
  }

  clear(): void {
    this.#kept.clear();
    this.#level = 0;
  }

  #raise(level: number): void {
    this.#level = level;
    for (const block of this.#kept) if (!isSampled(block, level)) this.#kept.delete(block);
  }
}

function isSampled(block: number, level: number): boolean {
  return level === 0 || Math.clz32(hashOf(block)) >= level;
}

/** The finisher of MurmurHash3 over both halves of the number. */
function hashOf(block: number): number {
  let mixed = (block >>> 0) ^ Math.imul(Math.floor(block / 2 ** 32) + 1, 0x9e37_79b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
