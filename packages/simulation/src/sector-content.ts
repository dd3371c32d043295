/**
 * A disk as one number a sector: the whole content follows from it, so that any torn or misplaced byte shows.
 * 0 is a sector of zeroes; every third number does not compress.
 */
export const SECTOR_BYTES = 512;
export const SECTORS_PER_BLOCK = 8;
export const BLOCK_BYTES = SECTOR_BYTES * SECTORS_PER_BLOCK;

/** What no write ever wrote. */
export const TORN = -1;

const CACHED_MAX = 8192;
const ZEROES = Buffer.alloc(SECTOR_BYTES);
const cache = new Map<number, Buffer>([[0, ZEROES]]);

export function sectorContent(value: number): Buffer {
  const cached = cache.get(value);
  if (cached !== undefined) return cached;
  if (cache.size >= CACHED_MAX) {
    cache.clear();
    cache.set(0, ZEROES);
  }
  const words = new Uint32Array(SECTOR_BYTES / 4).fill(value);
  if (value % 3 === 1) scramble(words, value);
  const content = Buffer.from(words.buffer);
  cache.set(value, content);
  return content;
}

/** Half of one sector and a half of something else. */
export function tearSector(target: Buffer, offsetBytes: number, value: number): void {
  sectorContent(value).copy(target, offsetBytes);
  target.fill(0xee, offsetBytes + SECTOR_BYTES / 2, offsetBytes + SECTOR_BYTES);
}

/** The number of the sector at `offsetBytes`, TORN when its bytes are not what any number stands for. */
export function sectorValue(bytes: Buffer, offsetBytes: number): number {
  const value = bytes.readUInt32LE(offsetBytes);
  const content = sectorContent(value);
  return bytes.compare(content, 0, SECTOR_BYTES, offsetBytes, offsetBytes + SECTOR_BYTES) === 0
    ? value
    : TORN;
}

function scramble(words: Uint32Array, value: number): void {
  let state = value;
  for (let index = 1; index < words.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[index] = state ^ (state >>> 13);
  }
}
