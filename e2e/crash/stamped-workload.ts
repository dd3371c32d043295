/** The raw writer over two disks, and what its disks must look like at a cut. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LoggedWriter } from './logged-writer.ts';
import type { CutTime, Proof } from './proof.ts';
import { readStamp, STAMP_BYTES } from './stamped-block.ts';
import { proveStamps, type StampedState, type StampedWrite } from './stamped-history.ts';
import type { ProvedPlace, Workload } from './workload.ts';

const WRITER = join(import.meta.dirname, 'stamped-writer.ts');
/** Blocks of each disk that are written to. */
export const STAMPED_BLOCKS = 2048;

export interface StampedOptions {
  readonly devices: readonly string[];
  /** For its log; not on the disks under test. */
  readonly folder: string;
  readonly seed: number;
}

export class StampedWorkload extends LoggedWriter implements Workload {
  constructor({ devices, folder, seed }: StampedOptions) {
    const parameters = (log: string) => [log, String(seed), String(STAMPED_BLOCKS), ...devices];
    super({ name: 'stamped', folder, script: WRITER, parameters });
  }

  /** In the order of issue. */
  async history(): Promise<readonly StampedWrite[]> {
    const lines = await this.lines();
    return lines.map(parseWrite).sort((left, right) => left.write - right.write);
  }

  async prove({ images }: ProvedPlace, cut: CutTime): Promise<Proof> {
    return proveStamps(await this.history(), await readStampedState(images), cut);
  }
}

export async function readStampedState(images: readonly string[]): Promise<StampedState> {
  return Promise.all(images.map(readStampedDisk));
}

async function readStampedDisk(image: string, disk: number): Promise<(number | undefined)[]> {
  const file = await open(image, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(STAMPED_BLOCKS * STAMP_BYTES), 0, undefined, 0);
    return Array.from({ length: STAMPED_BLOCKS }, (_, block) => {
      return readStamp(buffer.subarray(block * STAMP_BYTES, (block + 1) * STAMP_BYTES), { disk, block });
    });
  } finally {
    await file.close();
  }
}

function parseWrite(line: string): StampedWrite {
  const [write = 0, disk = 0, block = 0, blocks = 0, ...rest] = line.split(' ').map(Number);
  const [issueTick = 0, issueMs = 0, ackTick = 0, ackMs = 0] = rest;
  return { write, disk, block, blocks, issueTick, issueMs, ackTick, ackMs };
}
