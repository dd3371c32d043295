/**
 * The manifest of one staging disk: which files make up its journal, in what order. The only file of a
 * journal that changes with every segment, replaced as a whole. `group.json` is its twin for the whole
 * server, replaced when the server gets other disks. Version 1 of it knew one size a disk; it is read for
 * ever.
 */
import { CONSISTENCIES, type EpochCommit } from '@landfall/model';
import { checkSizes, type DiskSizes, newSizes } from '../group/disk-sizes.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import { DocumentFields, newest, readDocument } from './document-fields.ts';
import { encodeDocument, isDocument, type PlainDocument, type PlainValue } from './sealed-document.ts';

const MANIFEST_VERSIONS = [1, 2];
const GROUP_VERSIONS = [1, 2, 3];
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

/** How far the oldest segments of a disk went into its base. */
export interface AdvancedBase {
  /** 0 is `base.sha256`, n is `base.sha256.n`. */
  readonly tableNumber: number;
  /** Of the base file. */
  readonly sizeBytes: number;
  /** The newest epoch whose changes are in it. */
  readonly throughEpoch: number;
}

export interface BaseEntry {
  /** The first epoch of the group: that there is one. */
  readonly commit: EpochCommit;
  readonly tableSha256: string;
  /** Absent: it is the disk at that epoch still. */
  readonly advanced?: AdvancedBase;
}

/**
 * The first segments are being written into the base: it has, block by block, what it had or what it gets.
 */
export interface BaseAdvanceEntry extends AdvancedBase {
  readonly tableSha256: string;
  readonly segmentCount: number;
}

export interface Manifest {
  readonly journalId: string;
  readonly diskIndex: number;
  /** Absent during the first sync: the base file is partial then. */
  readonly base?: BaseEntry;
  readonly advance?: BaseAdvanceEntry;
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
    advance: manifest.advance === undefined ? null : { ...manifest.advance },
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
  const fields = new DocumentFields(path, document);
  const { base, advance } = fields.document;
  return {
    journalId: fields.text('journalId'),
    diskIndex: fields.whole('diskIndex'),
    ...(isDocument(base) ? { base: baseFrom(path, base) } : {}),
    ...(isDocument(advance) ? { advance: advanceFrom(new DocumentFields(path, advance)) } : {}),
    segments: fields.list('segments').map((entry) => segmentFrom(path, entry)),
    durableEpoch: fields.whole('durableEpoch'),
  };
}

export async function writeGroup(files: JournalFiles, group: GroupDocument): Promise<void> {
  const disks = group.disks.map(({ diskId, sizes }) => ({
    diskId,
    sizes: sizes.map(({ fromEpoch, sizeBytes }) => ({ fromEpoch, sizeBytes })),
  }));
  const requires = [...(files.features ?? [])];
  const head = { format: GROUP_FORMAT, version: newest(GROUP_VERSIONS), requires };
  await files.replace(GROUP_PATH, encodeDocument({ ...head, journalId: group.journalId, disks }));
}

/** `isOld`: in a format that has no words for what this program may write into the journal. */
export async function readGroup(
  files: JournalFiles,
): Promise<(GroupDocument & { readonly isOld: boolean }) | undefined> {
  const document = await readDocument(files, GROUP_PATH, { format: GROUP_FORMAT, versions: GROUP_VERSIONS });
  if (document === undefined) return undefined;
  const fields = new DocumentFields(GROUP_PATH, document);
  const disks = fields.list('disks').map((entry) => {
    const disk = new DocumentFields(GROUP_PATH, entry);
    const sizes = document.version === 1 ? newSizes(disk.whole('sizeBytes')) : sizesFrom(disk);
    return { diskId: disk.text('diskId'), sizes };
  });
  const isOld = document.version !== newest(GROUP_VERSIONS);
  return { journalId: fields.text('journalId'), disks, isOld };
}

function sizesFrom(disk: DocumentFields): DiskSizes {
  const sizes = disk.list('sizes').map((entry) => {
    const change = new DocumentFields(GROUP_PATH, entry);
    return { fromEpoch: change.whole('fromEpoch'), sizeBytes: change.whole('sizeBytes') };
  });
  if (!checkSizes(sizes)) throw disk.damaged('sizes');
  return sizes;
}

function plainBase(base: BaseEntry): PlainDocument {
  const { epoch, cutTimeMs, cutMonotonicNs, consistency, extentCount } = base.commit;
  const commit = { epoch, cutTimeMs, cutMonotonicNs: cutMonotonicNs.toString(), consistency, extentCount };
  return { ...commit, tableSha256: base.tableSha256, advanced: plainAdvanced(base.advanced) };
}

function plainAdvanced(advanced: AdvancedBase | undefined): PlainValue {
  if (advanced === undefined) return null;
  const { tableNumber, sizeBytes, throughEpoch } = advanced;
  return { tableNumber, sizeBytes, throughEpoch };
}

function advancedFrom(fields: DocumentFields): AdvancedBase {
  return {
    tableNumber: fields.whole('tableNumber'),
    sizeBytes: fields.whole('sizeBytes'),
    throughEpoch: fields.whole('throughEpoch'),
  };
}

function advanceFrom(fields: DocumentFields): BaseAdvanceEntry {
  const [tableSha256, segmentCount] = [fields.text('tableSha256'), fields.whole('segmentCount')];
  return { ...advancedFrom(fields), tableSha256, segmentCount };
}

/** Version 1 had no `advanced`. */
function baseFrom(path: string, document: PlainDocument): BaseEntry {
  const fields = new DocumentFields(path, document);
  const { advanced } = document;
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
  const entry = { commit, tableSha256: fields.text('tableSha256') };
  return isDocument(advanced)
    ? { ...entry, advanced: advancedFrom(new DocumentFields(path, advanced)) }
    : entry;
}

function plainSegment(entry: SegmentEntry): PlainDocument {
  if (entry.sealed === undefined) return { number: entry.number, state: 'active' };
  const { sizeBytes, recordsEndBytes, firstEpoch, lastEpoch } = entry.sealed;
  return { number: entry.number, state: 'sealed', sizeBytes, recordsEndBytes, firstEpoch, lastEpoch };
}

function segmentFrom(path: string, entry: PlainValue): SegmentEntry {
  const fields = new DocumentFields(path, entry);
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
