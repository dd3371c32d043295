/**
 * The manifest of one staging disk: which files make up its journal, in what order. The only file of a
 * journal that changes with every segment, replaced as a whole. `group.json` is its twin for the whole
 * server, replaced when the server gets other disks. Version 1 of it knew one size a disk; it is read for
 * ever.
 */
import { CONSISTENCIES, type EpochCommit } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import { checkSizes, type DiskSizes, newSizes } from './disk-sizes.ts';
import { journalDamaged } from './journal-errors.ts';
import type { JournalFiles } from './journal-files.ts';
import {
  decodeDocument,
  encodeDocument,
  isDocument,
  type PlainDocument,
  type PlainValue,
} from './sealed-document.ts';

const MANIFEST_VERSIONS = [1];
const GROUP_VERSIONS = [1, 2];
const MANIFEST_FORMAT = 'landfall-journal-manifest';
const GROUP_FORMAT = 'landfall-journal-group';
export const GROUP_PATH = 'group.json';

export interface JournalDisk {
  readonly diskId: string;
  readonly sizeBytes: number;
  /** It can be written, but recovery points are without it until it is changed to a member. */
  readonly isJoining?: boolean;
}

/** A disk with all its sizes. */
export interface GroupDisk {
  readonly diskId: string;
  readonly sizes: DiskSizes;
}

export interface GroupDocument {
  readonly journalId: string;
  /** Every disk the server ever had, by its index. */
  readonly disks: readonly GroupDisk[];
}

export interface SegmentEntry {
  readonly number: number;
  /** Absent for the last one, which is still written. */
  readonly sealed?: {
    readonly sizeBytes: number;
    /** Where the records end and the index begins. */
    readonly recordsEndBytes: number;
    readonly firstEpoch: number;
    readonly lastEpoch: number;
  };
}

export interface BaseEntry {
  readonly commit: EpochCommit;
  readonly tableSha256: string;
}

export interface Manifest {
  readonly journalId: string;
  readonly diskIndex: number;
  /** Absent during the first sync: the base file is partial then. */
  readonly base?: BaseEntry;
  readonly segments: readonly SegmentEntry[];
  /** Every epoch up to this one was durable when the manifest was written. */
  readonly durableEpoch: number;
}

export function manifestPath(diskIndex: number): string {
  return `disk-${diskIndex}/manifest`;
}

export async function writeManifest(files: JournalFiles, manifest: Manifest): Promise<void> {
  const document: PlainDocument = {
    format: MANIFEST_FORMAT,
    version: newest(MANIFEST_VERSIONS),
    requires: [],
    journalId: manifest.journalId,
    diskIndex: manifest.diskIndex,
    base: manifest.base === undefined ? null : plainBase(manifest.base),
    segments: manifest.segments.map(plainSegment),
    durableEpoch: manifest.durableEpoch,
  };
  await files.replace(manifestPath(manifest.diskIndex), encodeDocument(document));
}

/** Errors: JOURNAL_DAMAGED, JOURNAL_VERSION_UNSUPPORTED; `undefined` when there is no manifest. */
export async function readManifest(files: JournalFiles, diskIndex: number): Promise<Manifest | undefined> {
  const path = manifestPath(diskIndex);
  const document = await readDocument(files, path, { format: MANIFEST_FORMAT, versions: MANIFEST_VERSIONS });
  if (document === undefined) return undefined;
  const fields = new Fields(path, document);
  const base = fields.document.base;
  return {
    journalId: fields.text('journalId'),
    diskIndex: fields.whole('diskIndex'),
    ...(isDocument(base) ? { base: baseFrom(new Fields(path, base)) } : {}),
    segments: fields.list('segments').map((entry) => segmentFrom(path, entry)),
    durableEpoch: fields.whole('durableEpoch'),
  };
}

export async function writeGroup(files: JournalFiles, group: GroupDocument): Promise<void> {
  const disks = group.disks.map(({ diskId, sizes }) => ({
    diskId,
    sizes: sizes.map(({ fromEpoch, sizeBytes }) => ({ fromEpoch, sizeBytes })),
  }));
  const head = { format: GROUP_FORMAT, version: newest(GROUP_VERSIONS), requires: [] };
  await files.replace(GROUP_PATH, encodeDocument({ ...head, journalId: group.journalId, disks }));
}

/** `isOld`: in a format that has no words for what this program may write into the journal. */
export async function readGroup(
  files: JournalFiles,
): Promise<(GroupDocument & { readonly isOld: boolean }) | undefined> {
  const document = await readDocument(files, GROUP_PATH, { format: GROUP_FORMAT, versions: GROUP_VERSIONS });
  if (document === undefined) return undefined;
  const fields = new Fields(GROUP_PATH, document);
  const disks = fields.list('disks').map((entry) => {
    const disk = new Fields(GROUP_PATH, entry);
    const sizes = document.version === 1 ? newSizes(disk.whole('sizeBytes')) : sizesFrom(disk);
    return { diskId: disk.text('diskId'), sizes };
  });
  const isOld = document.version !== newest(GROUP_VERSIONS);
  return { journalId: fields.text('journalId'), disks, isOld };
}

function sizesFrom(disk: Fields): DiskSizes {
  const sizes = disk.list('sizes').map((entry) => {
    const change = new Fields(GROUP_PATH, entry);
    return { fromEpoch: change.whole('fromEpoch'), sizeBytes: change.whole('sizeBytes') };
  });
  if (!checkSizes(sizes)) throw disk.damaged('sizes');
  return sizes;
}

function newest(versions: readonly number[]): number {
  return Math.max(...versions);
}

async function readDocument(
  files: JournalFiles,
  path: string,
  { format, versions }: { readonly format: string; readonly versions: readonly number[] },
): Promise<PlainDocument | undefined> {
  const bytes = await files.readWhole(path);
  if (bytes === undefined) return undefined;
  const document = decodeDocument(bytes.toString('utf8'));
  if (document === undefined || document.format !== format) {
    throw journalDamaged({ path, positionBytes: 0, what: 'its checksum does not match its content' });
  }
  const known = versions.includes(Number(document.version)) && JSON.stringify(document.requires) === '[]';
  if (!known) throw versionUnsupported(path, document, newest(versions));
  return document;
}

function versionUnsupported(path: string, document: PlainDocument, newestKnown: number): OperationError {
  const found = `version ${String(document.version)}, features ${JSON.stringify(document.requires)}`;
  return new OperationError(
    'JOURNAL_VERSION_UNSUPPORTED',
    `${path} is in a format this program does not know: ${found}; it knows versions up to ${newestKnown}`,
    { hint: 'run a release at least as new as the one that wrote this journal', context: { path } },
  );
}

function plainBase(base: BaseEntry): PlainDocument {
  const { epoch, cutTimeMs, cutMonotonicNs, consistency, extentCount } = base.commit;
  const commit = { epoch, cutTimeMs, cutMonotonicNs: cutMonotonicNs.toString(), consistency, extentCount };
  return { ...commit, tableSha256: base.tableSha256 };
}

function baseFrom(fields: Fields): BaseEntry {
  const consistency = CONSISTENCIES.find((known) => known === fields.document.consistency);
  if (consistency === undefined) throw fields.damaged('consistency');
  const cutMonotonicNs = fields.text('cutMonotonicNs');
  if (!/^\d{1,20}$/.test(cutMonotonicNs)) throw fields.damaged('cutMonotonicNs');
  const commit: EpochCommit = {
    epoch: fields.whole('epoch'),
    cutTimeMs: fields.whole('cutTimeMs'),
    cutMonotonicNs: BigInt(cutMonotonicNs),
    consistency,
    extentCount: fields.whole('extentCount'),
  };
  return { commit, tableSha256: fields.text('tableSha256') };
}

function plainSegment(entry: SegmentEntry): PlainDocument {
  if (entry.sealed === undefined) return { number: entry.number, state: 'active' };
  const { sizeBytes, recordsEndBytes, firstEpoch, lastEpoch } = entry.sealed;
  return { number: entry.number, state: 'sealed', sizeBytes, recordsEndBytes, firstEpoch, lastEpoch };
}

function segmentFrom(path: string, entry: PlainValue): SegmentEntry {
  const fields = new Fields(path, entry);
  const number = fields.whole('number');
  if (fields.text('state') === 'active') return { number };
  const sealed = {
    sizeBytes: fields.whole('sizeBytes'),
    recordsEndBytes: fields.whole('recordsEndBytes'),
    firstEpoch: fields.whole('firstEpoch'),
    lastEpoch: fields.whole('lastEpoch'),
  };
  return { number, sealed };
}

/** Typed access to a document whose checksum held: a wrong shape is damage all the same. */
class Fields {
  readonly document: PlainDocument;
  readonly #path: string;

  constructor(path: string, value: PlainValue) {
    this.#path = path;
    if (!isDocument(value)) throw this.damaged('an entry');
    this.document = value;
  }

  text(name: string): string {
    const value = this.document[name];
    if (typeof value !== 'string') throw this.damaged(name);
    return value;
  }

  whole(name: string): number {
    const value = this.document[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw this.damaged(name);
    return value;
  }

  list(name: string): readonly PlainValue[] {
    const value = this.document[name];
    if (!Array.isArray(value)) throw this.damaged(name);
    return value;
  }

  damaged(name: string): OperationError {
    return journalDamaged({ path: this.#path, positionBytes: 0, what: `${name} has no valid value` });
  }
}
