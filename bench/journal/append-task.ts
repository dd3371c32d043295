/**
 * Appending as fio's sequential write: the same bytes in the same pieces, and an `fdatasync` as often. No
 * epoch is closed before the one before it is durable, so that none shares its sync with another; it is put
 * in the meantime, as agents do.
 */
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../packages/runtime/src/index.ts';
import { commitEmptyBase, commitOf, createJournal, headerOf, payloadAt, randomPayloads } from './load.ts';

const PAYLOADS = 256;

export interface AppendParameters {
  readonly extentBytes: number;
  readonly extentsPerEpoch: number;
  readonly epochs: number;
  /** Extents go to offsets far from each other instead of one after the other. */
  readonly scattered?: boolean;
}

export interface AppendResult {
  readonly seconds: number;
  /** As the kernel counts what this process made dirty: proc_pid_io(5), `write_bytes`. */
  readonly bytesWritten: number;
}

export async function append(folder: string, parameters: AppendParameters): Promise<AppendResult> {
  const { extentBytes, extentsPerEpoch, epochs } = parameters;
  const payloads = randomPayloads(PAYLOADS, extentBytes);
  const extents = epochs * extentsPerEpoch;
  const group = await createJournal({ folder, sizeBytes: extents * extentBytes });
  await commitEmptyBase(group);
  const writtenBefore = await bytesWritten();
  const startNs = systemClock.monotonicNs();
  let durable: Promise<void> = Promise.resolve();
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (let index = 0; index < extentsPerEpoch; index += 1) {
      const number = epoch * extentsPerEpoch + index;
      const place = parameters.scattered === true ? (number * 7919) % extents : number;
      const payload = payloadAt(payloads, number);
      await group.putExtent(headerOf(place * extentBytes, payload), payload.bytes);
    }
    await durable;
    durable = group.commit(commitOf(epoch + 2, extentsPerEpoch));
  }
  await durable;
  const seconds = Number(systemClock.monotonicNs() - startNs) / 1e9;
  await group.close();
  return { seconds, bytesWritten: (await bytesWritten()) - writtenBefore };
}

async function bytesWritten(): Promise<number> {
  return Number(/^write_bytes: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}
