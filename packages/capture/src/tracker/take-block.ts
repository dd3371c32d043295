/** A block's version at a cut, and what is left to do for the block afterwards (C1, T3). */
import { assert } from '@landfall/runtime';
import type { BlockRecord } from './block-record.ts';
import type { CutBlock } from './cut-planner.ts';
import type { DiskChanges } from './disk-changes.ts';

export function takeBlock(disk: DiskChanges, record: BlockRecord, timeNs: number, blocks: CutBlock[]): void {
  const version = record.versionAt(timeNs);
  assert(version !== undefined || timeNs < record.replicaUntilNs, 'C1: every block has a version at the cut');
  if (version !== undefined) {
    blocks.push({ diskIndex: disk.diskIndex, block: record.block, content: version.content });
  }
  record.replicaTook(version, timeNs);
  if (version === undefined || record.ticket !== undefined) return;
  if (record.isUntouchedSince(version)) {
    disk.records.delete(record.block);
    disk.dirty.clear(record.block);
  } else if (record.isOnlyDiscardedSince(version)) {
    disk.records.delete(record.block);
    disk.dirty.clear(record.block);
    disk.discarded.set(record.block);
  }
}
