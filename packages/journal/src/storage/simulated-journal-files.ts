/**
 * Storage for tests that can lose power. Every file has what is durable and a list of unsynced operations;
 * names have the same. Each operation counts down to the power cut; at it, the operation under way and the
 * unsynced ones survive in one of two ways, chosen by the seed:
 *
 * - in order: a prefix of each file's unsynced writes survives, the last of them torn at any byte, or at any
 *   sector;
 * - out of order: any subset of the 512-byte sectors of each unsynced write survives, as real disks and page
 *   caches do.
 *
 * A process that is killed loses nothing that was written, but nothing becomes durable by that either.
 */
import type { Random } from '@landfall/runtime';
import { OperationError } from '@landfall/runtime';
import type { JournalFile, JournalFiles } from './journal-files.ts';

const SECTOR_BYTES = 512;

interface PendingWrite {
  readonly kind: 'write';
  readonly positionBytes: number;
  readonly bytes: Buffer;
}
interface PendingTruncate {
  readonly kind: 'truncate';
  readonly sizeBytes: number;
}
type PendingOperation = PendingWrite | PendingTruncate;

class SimulatedInode {
  durable: Buffer = Buffer.alloc(0);
  current: Buffer = Buffer.alloc(0);
  pending: PendingOperation[] = [];
  #interrupted: PendingOperation | undefined;

  apply(operation: PendingOperation): void {
    this.pending.push(operation);
    this.current = applied(this.current, operation);
  }

  /** The power goes, or the process is killed, in the middle of this one. */
  interrupt(operation: PendingOperation): void {
    this.#interrupted = operation;
  }

  /** The kernel ends what the killed process began, or never saw it. */
  loseProcess(random: Random): void {
    if (this.#interrupted !== undefined && random.integer(2) === 0) this.apply(this.#interrupted);
    this.#interrupted = undefined;
  }

  makeDurable(): void {
    this.durable = Buffer.from(this.current);
    this.pending = [];
  }

  /** These became durable; a sync that ran beside this one may have seen to some of them. */
  settle(operations: ReadonlySet<PendingOperation>): void {
    const now = this.pending.filter((operation) => operations.has(operation));
    for (const operation of now) this.durable = applied(this.durable, operation);
    this.pending = this.pending.filter((operation) => !operations.has(operation));
  }

  losePower(random: Random, sectorsAreAtomic: boolean): void {
    if (this.#interrupted !== undefined) this.pending.push(this.#interrupted);
    this.#interrupted = undefined;
    const outOfOrder = random.integer(2) === 0;
    const kept = random.integer(this.pending.length + 1);
    let content: Buffer = Buffer.from(this.durable);
    this.pending.forEach((operation, index) => {
      if (outOfOrder) content = someSectors(content, operation, random);
      else if (index < kept) content = applied(content, operation);
      else if (index === kept) content = torn(content, operation, random, sectorsAreAtomic);
    });
    this.current = content;
    this.makeDurable();
  }
}

export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

export class SimulatedJournalFiles implements JournalFiles {
  /** A torn write ends between two sectors, as on real disks; otherwise at any byte. */
  sectorsAreAtomic = false;
  readonly #random: Random;
  #names = new Map<string, SimulatedInode>();
  #durableNames = new Map<string, SimulatedInode>();
  #operationsLeft = Number.POSITIVE_INFINITY;
  #capacityBytes = Number.POSITIVE_INFINITY;
  #syncsUntilFailure = Number.POSITIVE_INFINITY;
  #locked = false;
  #generation = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Power fails in the middle of the operation after so many more that change anything. */
  cutPowerAfter(operations: number): void {
    this.#operationsLeft = operations;
  }

  /** ENOSPC beyond this, for all files together. */
  setCapacity(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes;
  }

  /** One sync of a file or folder fails: the next one, or the one after so many more. */
  failSync(after = 0): void {
    this.#syncsUntilFailure = after;
  }

  /** The machine starts again: only what survived is there. */
  restartAfterPowerCut(): void {
    const inodes = new Set([...this.#names.values(), ...this.#durableNames.values()]);
    for (const inode of inodes) inode.losePower(this.#random, this.sectorsAreAtomic);
    this.#names = this.#survivingNames();
    this.#durableNames = new Map(this.#names);
    this.#restart();
  }

  /** The process was killed: everything written is there, what was not synced still is not. */
  restartAfterKill(): void {
    for (const inode of this.#names.values()) inode.loseProcess(this.#random);
    this.#restart();
  }

  /** Another disk with what this one holds now, all of it durable: a copy of the staging disk. */
  copy(): SimulatedJournalFiles {
    const copy = new SimulatedJournalFiles(this.#random);
    for (const [path, { current }] of this.#names) {
      const inode = new SimulatedInode();
      inode.current = Buffer.from(current);
      inode.makeDurable();
      copy.#names.set(path, inode);
    }
    copy.#durableNames = new Map(copy.#names);
    return copy;
  }

  /** Changes bytes behind the journal's back. */
  damage(path: string, change: (bytes: Buffer) => void): void {
    const inode = this.#inode(path);
    inode.current = Buffer.from(inode.current);
    change(inode.current);
    inode.makeDurable();
  }

  content(path: string): Buffer {
    return this.#inode(path).current;
  }

  paths(): string[] {
    return [...this.#names.keys()].toSorted();
  }

  async create(path: string): Promise<JournalFile> {
    this.#step();
    const inode = new SimulatedInode();
    this.#names.set(path, inode);
    return this.#handle(inode);
  }

  async open(path: string): Promise<JournalFile> {
    return this.#handle(this.#inode(path));
  }

  async readWhole(path: string): Promise<Buffer | undefined> {
    this.#checkPower();
    return this.#names.get(path)?.current;
  }

  async replace(path: string, content: string): Promise<void> {
    const bytes = Buffer.from(content);
    this.#checkCapacity(bytes.length);
    this.#step();
    const inode = new SimulatedInode();
    inode.current = bytes;
    inode.makeDurable();
    this.#names.set(path, inode);
    this.#step();
    this.#checkSync(); // Renamed, but nobody knows whether that will last.
    this.#syncNames(folderOf(path));
  }

  async ensureFolder(): Promise<void> {
    this.#checkPower();
  }

  async list(folder: string): Promise<string[]> {
    this.#checkPower();
    const prefix = folder === '' ? '' : `${folder}/`;
    const inside = [...this.#names.keys()].filter((path) => path.startsWith(prefix));
    return [...new Set(inside.map((path) => path.slice(prefix.length).split('/')[0] ?? ''))].toSorted();
  }

  async syncFolder(folder: string): Promise<void> {
    this.#step();
    this.#checkSync();
    this.#syncNames(folder);
  }

  async remove(path: string): Promise<void> {
    this.#step();
    for (const name of [...this.#names.keys()]) {
      if (path === '' || name === path || name.startsWith(`${path}/`)) this.#names.delete(name);
    }
  }

  async allocatedBytes(path = ''): Promise<number> {
    const inside = (name: string) => path === '' || name === path || name.startsWith(`${path}/`);
    const inodes = [...this.#names].filter(([name]) => inside(name)).map(([, inode]) => inode);
    return inodes.reduce((sum, inode) => sum + inode.current.length, 0);
  }

  async freeBytes(): Promise<number> {
    const free = this.#capacityBytes - (await this.allocatedBytes());
    return Number.isFinite(free) ? Math.max(0, free) : Number.MAX_SAFE_INTEGER;
  }

  async lock(): Promise<() => Promise<void>> {
    if (this.#locked) throw new OperationError('JOURNAL_IN_USE', 'the simulated journal is in use');
    this.#locked = true;
    return async () => {
      this.#locked = false;
    };
  }

  #handle(inode: SimulatedInode): JournalFile {
    const generation = this.#generation;
    const check = () => {
      if (generation !== this.#generation) throw new PowerCut('the process that opened this file is gone');
      this.#checkPower();
    };
    return {
      sizeBytes: async () => {
        check();
        return inode.current.length;
      },
      read: async (positionBytes, target) => {
        check();
        return copyFrom(inode.current, positionBytes, target);
      },
      readParts: async (positionBytes, parts) => {
        check();
        let position = positionBytes;
        for (const part of parts) position += copyFrom(inode.current, position, part);
        return position === positionBytes + parts.reduce((sum, part) => sum + part.length, 0);
      },
      write: async (positionBytes, parts) => {
        check();
        const bytes = Buffer.concat(parts);
        this.#checkCapacity(Math.max(0, positionBytes + bytes.length - inode.current.length));
        this.#step(() => inode.interrupt({ kind: 'write', positionBytes, bytes }));
        inode.apply({ kind: 'write', positionBytes, bytes });
      },
      truncate: async (sizeBytes) => {
        check();
        this.#step(() => inode.interrupt({ kind: 'truncate', sizeBytes }));
        inode.apply({ kind: 'truncate', sizeBytes });
      },
      sync: async () => {
        check();
        this.#step();
        this.#checkSync();
        const covered = new Set(inode.pending);
        await Promise.resolve();
        check();
        inode.settle(covered);
      },
      close: async () => undefined,
    };
  }

  /** One operation towards the power cut; `halfDone` is what of it may survive. */
  #step(halfDone?: () => void): void {
    this.#checkPower();
    this.#operationsLeft -= 1;
    if (this.#operationsLeft > 0) return;
    halfDone?.();
    throw new PowerCut('the power was cut');
  }

  #checkPower(): void {
    if (this.#operationsLeft <= 0) throw new PowerCut('there is no power');
  }

  #checkCapacity(moreBytes: number): void {
    const used = [...this.#names.values()].reduce((sum, inode) => sum + inode.current.length, 0);
    if (used + moreBytes <= this.#capacityBytes) return;
    throw Object.assign(new Error('no space left on the simulated device'), { code: 'ENOSPC' });
  }

  #checkSync(): void {
    this.#syncsUntilFailure -= 1;
    if (this.#syncsUntilFailure >= 0) return;
    this.#syncsUntilFailure = Number.POSITIVE_INFINITY;
    throw Object.assign(new Error('simulated I/O error'), { code: 'EIO' });
  }

  #restart(): void {
    this.#operationsLeft = Number.POSITIVE_INFINITY;
    this.#generation += 1;
    this.#syncsUntilFailure = Number.POSITIVE_INFINITY;
    this.#locked = false;
  }

  #syncNames(folder: string): void {
    const prefix = folder === '' ? '' : `${folder}/`;
    const entry = (path: string) => path.slice(prefix.length).split('/')[0] ?? '';
    const inside = [...this.#names.keys()].filter((path) => path.startsWith(prefix));
    const entries = new Set(inside.map(entry));
    for (const path of this.#durableNames.keys()) {
      // An entry that is gone takes everything below it along.
      if (path.startsWith(prefix) && !entries.has(entry(path))) this.#durableNames.delete(path);
    }
    for (const [path, inode] of this.#names) {
      if (folderOf(path) === folder) this.#durableNames.set(path, inode);
    }
  }

  /** Each change of a name that was not synced survives or not, on its own. */
  #survivingNames(): Map<string, SimulatedInode> {
    const survivors = new Map<string, SimulatedInode>();
    for (const path of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const source = this.#random.integer(2) === 0 ? this.#names : this.#durableNames;
      const inode = source.get(path);
      if (inode !== undefined) survivors.set(path, inode);
    }
    return survivors;
  }

  #inode(path: string): SimulatedInode {
    this.#checkPower();
    const inode = this.#names.get(path);
    if (inode !== undefined) return inode;
    throw Object.assign(new Error(`no such simulated file: ${path}`), { code: 'ENOENT' });
  }
}

function copyFrom(content: Buffer, positionBytes: number, target: Buffer): number {
  return positionBytes >= content.length ? 0 : content.copy(target, 0, positionBytes);
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function applied(content: Buffer, operation: PendingOperation): Buffer {
  if (operation.kind === 'truncate') return resized(content, operation.sizeBytes);
  return written(content, operation.positionBytes, operation.bytes);
}

function torn(
  content: Buffer,
  operation: PendingOperation,
  random: Random,
  sectorsAreAtomic: boolean,
): Buffer {
  if (operation.kind === 'truncate') return content;
  const { positionBytes, bytes } = operation;
  const end = positionBytes + random.integer(bytes.length + 1);
  const length = (sectorsAreAtomic ? end - (end % SECTOR_BYTES) : end) - positionBytes;
  return written(content, positionBytes, bytes.subarray(0, Math.max(0, length)));
}

function someSectors(content: Buffer, operation: PendingOperation, random: Random): Buffer {
  if (operation.kind === 'truncate') return random.integer(2) === 0 ? applied(content, operation) : content;
  let result = content;
  const { positionBytes, bytes } = operation;
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(bytes.length - at, SECTOR_BYTES - ((positionBytes + at) % SECTOR_BYTES));
    if (random.integer(2) === 0)
      result = written(result, positionBytes + at, bytes.subarray(at, at + length));
    at += length;
  }
  return result;
}

/** Changes `content` where it is long enough: every state has its own. */
function written(content: Buffer, positionBytes: number, bytes: Buffer): Buffer {
  const end = positionBytes + bytes.length;
  const result = end > content.length ? resized(content, end) : content;
  bytes.copy(result, positionBytes);
  return result;
}

function resized(content: Buffer, sizeBytes: number): Buffer {
  const result = Buffer.alloc(sizeBytes);
  content.copy(result, 0, 0, Math.min(content.length, sizeBytes));
  return result;
}
