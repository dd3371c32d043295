/**
 * A journal that is written until the process is killed, and opened by another one: many small epochs, or one
 * that is as large as the window and never closed (a rescan).
 */
import { MIB, systemClock } from '../../packages/runtime/src/index.ts';
import {
  commitEmptyBase,
  commitOf,
  createJournal,
  headerOf,
  openJournal,
  payloadAt,
  randomPayloads,
} from './load.ts';

const PAYLOADS = 256;

export interface WindowParameters {
  readonly diskBytes: number;
  readonly extentBytes: number;
  /** Absent: the epoch is never closed. */
  readonly extentsPerEpoch?: number;
}

/** What it says of itself, a line a step. */
export interface WindowProgress {
  readonly bytes: number;
  /** The newest epoch that was acknowledged. */
  readonly durableEpoch: number;
}

const SAY_EXTENTS = 1000;

/** Never returns. */
export async function writeWindow(folder: string, parameters: WindowParameters): Promise<never> {
  const { diskBytes, extentBytes, extentsPerEpoch = Number.POSITIVE_INFINITY } = parameters;
  const payloads = randomPayloads(PAYLOADS, extentBytes);
  const group = await createJournal({ folder, sizeBytes: diskBytes });
  await commitEmptyBase(group);
  const blocks = diskBytes / extentBytes;
  let durable: Promise<void> = Promise.resolve();
  for (let index = 0; ; index += 1) {
    const payload = payloadAt(payloads, index);
    await group.putExtent(headerOf(((index * 7919) % blocks) * extentBytes, payload), payload.bytes);
    if ((index + 1) % extentsPerEpoch === 0) {
      await durable;
      durable = group.commit(commitOf((index + 1) / extentsPerEpoch + 1, extentsPerEpoch));
    }
    if ((index + 1) % SAY_EXTENTS === 0) say({ bytes: index * extentBytes, durableEpoch: group.lastEpoch });
  }
}

function say(progress: WindowProgress): void {
  process.stdout.write(`${JSON.stringify(progress)}\n`);
}

export interface Recovered {
  /** Until it can be read. */
  readonly seconds: number;
  /** Until an epoch can be put, which is when what the killed process left is gone. */
  readonly writableSeconds: number;
  readonly lastEpoch: number;
}

export async function recover(folder: string): Promise<Recovered> {
  const startNs = systemClock.monotonicNs();
  const secondsSince = () => Number(systemClock.monotonicNs() - startNs) / 1e9;
  const group = await openJournal(folder);
  const { lastEpoch } = group;
  const view = await group.openView(lastEpoch);
  await view.disks[0]?.read(0, Buffer.alloc(MIB));
  const seconds = secondsSince();
  await view.close();
  await group.abandon(); // What a sender that comes back begins with.
  const writableSeconds = secondsSince();
  await group.close();
  return { seconds, writableSeconds, lastEpoch };
}
