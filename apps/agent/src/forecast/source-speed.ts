/**
 * How fast the source can be read and its bytes made ready to send, from a few megabytes at random places:
 * what is read, how it shrinks and what that costs is a sample of the disks themselves.
 */
import type { DiskReader } from '@landfall/capture';
import { encodeExtent } from '@landfall/replication';
import type { Clock, Random } from '@landfall/runtime';
import { wireBytes } from '@landfall/wire';

const EXTENT_BYTES = 1024 * 1024;
/** Rounds of as many reads as may be under way at once: 256 MiB in all, with 16. */
export const ROUNDS = 16;
const ENCODINGS = ['ZSTD', 'RAW'] as const;

export interface EncodingSpeed {
  /** Bytes of disk a second, one sample a round. */
  readonly bytesPerSecond: readonly number[];
  /** Bytes on the wire for each byte of disk, one sample a round. */
  readonly wireShare: readonly number[];
}

export interface SourceSpeed {
  readonly readBytesPerSecond: readonly number[];
  readonly encoding: Readonly<Record<(typeof ENCODINGS)[number], EncodingSpeed>>;
}

export interface MeasureSourceOptions {
  readonly reader: DiskReader;
  readonly sizesBytes: readonly number[];
  readonly clock: Clock;
  readonly random: Random;
}

type Extent = Parameters<typeof encodeExtent>[0];

export async function measureSource(options: MeasureSourceOptions): Promise<SourceSpeed> {
  const read: number[] = [];
  const speed = { ZSTD: emptySpeed(), RAW: emptySpeed() };
  for (let round = 0; round < ROUNDS; round += 1) {
    const extents: Extent[] = [];
    let bytes = 0;
    const readSeconds = await secondsOf(options.clock, async () => {
      bytes = await readRound(options, extents);
    });
    read.push(bytes / readSeconds);
    for (const way of ENCODINGS) {
      let onWire = 0;
      const seconds = await secondsOf(options.clock, async () => {
        const encoded = await Promise.all(extents.map((extent) => encodeExtent(extent, way)));
        onWire = encoded.reduce((sum, { message }) => sum + wireBytes(message), 0);
      });
      speed[way].bytesPerSecond.push(bytes / seconds);
      speed[way].wireShare.push(onWire / bytes);
    }
  }
  return { readBytesPerSecond: read, encoding: speed };
}

/** Reads at random places of all disks; extents that are all zero take no part in what follows. */
async function readRound(options: MeasureSourceOptions, extents: Extent[]): Promise<number> {
  const { reader } = options;
  const lengths = await Promise.all(
    Array.from({ length: reader.readsInFlightMax }, async () => {
      const place = randomPlace(options);
      await reader.read(place, (bytes) => {
        if (bytes.some((byte) => byte !== 0)) extents.push({ ...place, content: Buffer.from(bytes) });
      });
      return place.lengthBytes;
    }),
  );
  return lengths.reduce((sum, length) => sum + length, 0);
}

function randomPlace({ sizesBytes, random }: MeasureSourceOptions) {
  const starts = sizesBytes.map((sizeBytes) => Math.max(1, Math.floor(sizeBytes / EXTENT_BYTES)));
  let chunk = random.integer(starts.reduce((sum, count) => sum + count, 0));
  let diskIndex = 0;
  for (; chunk >= (starts[diskIndex] ?? 0); diskIndex += 1) chunk -= starts[diskIndex] ?? 0;
  const offsetBytes = chunk * EXTENT_BYTES;
  const lengthBytes = Math.min(EXTENT_BYTES, (sizesBytes[diskIndex] ?? 0) - offsetBytes);
  return { diskIndex, offsetBytes, lengthBytes };
}

async function secondsOf(clock: Clock, action: () => Promise<void>): Promise<number> {
  const beganNs = clock.monotonicNs();
  await action();
  return Math.max(1, Number(clock.monotonicNs() - beganNs)) / 1e9;
}

function emptySpeed() {
  return { bytesPerSecond: [] as number[], wireShare: [] as number[] };
}
