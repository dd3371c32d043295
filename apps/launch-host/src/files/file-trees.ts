/**
 * Recovery points that are open for reading files: each an appliance over throw-away overlays of its disks,
 * kept for some minutes after it was last used, because opening one is what takes long.
 *
 * F1 At most TREES_MAX are open, those that are being opened or closed included. For another one, the one
 *    that was not used for longest is closed, if nobody uses it.
 * F2 The overlays are in a folder of this program alone, emptied when it starts, each opening's in one of its
 *    own: a tree may be opened while the one of the same id is being closed. Views are only read.
 * F3 A tree whose appliance failed is forgotten: asked for again, it is opened anew.
 * F4 A transfer nobody reads from is ended, so that its tree is free again.
 * F5 An opening that takes too long is given up.
 */
import { join } from 'node:path';
import type {
  CommandInput,
  CommandOutput,
  FileEntry,
  FilePiece,
  FilePlace,
  MachineDisk,
} from '@landfall/channel';
import type { GuestEntry, GuestPlace } from '@landfall/conversion';
import { ensureFolder, every, OperationError } from '@landfall/runtime';
import type { HostServices } from '../host-services.ts';
import { removeFolder } from '../machine/file-machine-store.ts';
import { FileTransfer } from './file-transfer.ts';
import type { GuestTree, TreeRequest } from './file-tree-opening.ts';

export interface FileTreesOptions extends Pick<HostServices, 'logger' | 'clock'> {
  readonly folder: string;
  /** What of it was in the folder is gone when it rejects. */
  readonly openTree: (request: TreeRequest) => Promise<GuestTree>;
}

type Input<Name extends 'openFiles' | 'listFiles' | 'beginFileTransfer'> = CommandInput<'launch-host', Name>;
type Output<Name extends 'openFiles' | 'listFiles' | 'beginFileTransfer'> = CommandOutput<
  'launch-host',
  Name
>;

interface Tree {
  readonly treeId: string;
  readonly folder: string;
  readonly ending: AbortController;
  readonly opened: Promise<GuestTree>;
  files: GuestTree | undefined;
  usedNs: bigint;
}

interface OpenTransfer {
  readonly tree: Tree;
  readonly transfer: Promise<FileTransfer>;
  usedNs: bigint;
}

const TREES_MAX = 2;
/** Others may take the place that was made. */
const ROUNDS_MAX = 10;
const OPENING_MS_MAX = 5 * 60_000;
const TREE_IDLE_MS_MAX = 5 * 60_000;
const TRANSFER_IDLE_MS_MAX = 2 * 60_000;
const SWEEP_INTERVAL_MS = 5000;
/**
 * How long an answer waits for a tree that is being opened, or is busy: the one who asks has a time of its
 * own.
 */
const PATIENCE_MS = 10_000;
const DISK_ID = /^[A-Za-z0-9_-]{1,20}$/;
const TREE_ID = /^[A-Za-z0-9-]{1,120}$/;

export class FileTrees {
  readonly #options: FileTreesOptions;
  readonly #trees = new Map<string, Tree>();
  readonly #closings = new Set<Promise<void>>();
  readonly #transfers = new Map<string, OpenTransfer>();
  #openings = 0;
  #stopSweeping: () => void = () => undefined;

  private constructor(options: FileTreesOptions) {
    this.#options = options;
  }

  static async start(options: FileTreesOptions): Promise<FileTrees> {
    await removeFolder(options.folder);
    await ensureFolder(options.folder);
    const trees = new FileTrees(options);
    trees.#stopSweeping = every(
      SWEEP_INTERVAL_MS,
      () => trees.#sweep(),
      (error) => options.logger.error('file-trees-sweep-failed', { error }),
    );
    return trees;
  }

  async stop(): Promise<void> {
    this.#stopSweeping();
    for (const tree of this.#trees.values()) this.#beginClose(tree);
    await Promise.all(this.#closings);
  }

  /** Errors: FILES_BUSY, VIEW_UNREACHABLE, OVERLAY_NO_SPACE, APPLIANCE_FAILED. */
  async open({ treeId, disks }: Input<'openFiles'>): Promise<Output<'openFiles'>> {
    const tree = this.#trees.get(treeId) ?? (await this.#begin(treeId, disks));
    const files = await this.#patiently(tree.opened);
    tree.usedNs = this.#options.clock.monotonicNs();
    if (files === undefined) return { state: 'OPENING', filesystems: [] };
    const filesystems = files.filesystems.map(({ device, type, label, uuid }) => ({
      ...{ device, type },
      ...(label === undefined ? {} : { label }),
      ...(uuid === undefined ? {} : { uuid }),
    }));
    return { state: 'READY', filesystems };
  }

  /** Errors: FILES_OPENING, FILES_BUSY, and those of the guest. */
  async list(input: Input<'listFiles'>): Promise<Output<'listFiles'>> {
    const { afterBase64, limit } = input;
    const after = afterBase64 === undefined ? undefined : Buffer.from(afterBase64, 'base64');
    const listing = await this.#in(input.treeId, (files) => files.list(placeOf(input), { after, limit }));
    if (listing === undefined) throw busy('a file is on its way out of this recovery point');
    return { ...listing, entries: listing.entries.map(entryOf) };
  }

  /** Errors: as of `list`. */
  async begin(input: Input<'beginFileTransfer'>): Promise<Output<'beginFileTransfer'>> {
    const { transferId } = input;
    const known = this.#transfers.get(transferId) ?? this.#beginTransfer(input);
    try {
      const transfer = await this.#patiently(known.transfer);
      if (transfer === undefined) throw busy('another file is on its way out of this recovery point');
      return { entry: entryOf(transfer.entry) };
    } catch (error) {
      await this.end({ transferId });
      this.#forgetFailed(known.tree, error);
      throw error;
    }
  }

  /** Errors: FILES_TRANSFER_BROKEN, and those of the guest. */
  async read({ transferId, sequence }: { transferId: string; sequence: number }): Promise<FilePiece> {
    const open = this.#transfers.get(transferId);
    if (open === undefined) throw unknownTransfer(transferId);
    open.usedNs = this.#options.clock.monotonicNs();
    const transfer = await open.transfer;
    const piece = await transfer.read(sequence);
    open.usedNs = this.#options.clock.monotonicNs();
    this.#touch(transfer.treeId);
    return piece;
  }

  /** Whether it has come to its end or not. */
  async end({ transferId }: { transferId: string }): Promise<Record<string, never>> {
    const open = this.#transfers.get(transferId);
    this.#transfers.delete(transferId);
    // One that waits for its turn is cancelled when that comes.
    open?.transfer.then(
      (transfer) => {
        transfer.cancel();
        const { entry, bytes, treeId } = transfer;
        this.#options.logger.info('files-transfer-ended', { transferId, treeId, kind: entry.kind, bytes });
      },
      (error: unknown) => this.#options.logger.info('files-transfer-refused', { transferId, error }),
    );
    return {};
  }

  async #begin(treeId: string, disks: readonly MachineDisk[]): Promise<Tree> {
    if (!TREE_ID.test(treeId) || !disks.every(({ diskId }) => DISK_ID.test(diskId)))
      throw invalidTree(treeId);
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const known = this.#trees.get(treeId);
      if (known !== undefined) return known;
      if (this.#trees.size + this.#closings.size < TREES_MAX) return this.#add(treeId, disks);
      await this.#makeRoom();
    }
    throw busy('other recovery points are being opened on this launch host');
  }

  #add(treeId: string, disks: readonly MachineDisk[]): Tree {
    this.#openings += 1;
    const folder = join(this.#options.folder, `${treeId}.${this.#openings}`);
    const ending = new AbortController();
    const opened = this.#options.openTree({ treeId, disks, folder, signal: ending.signal });
    const usedNs = this.#options.clock.monotonicNs();
    const tree: Tree = { treeId, folder, ending, opened, files: undefined, usedNs };
    this.#trees.set(treeId, tree);
    const inTime = this.#giveUpLate(ending);
    opened
      .then(
        (files) => {
          tree.files = files;
        },
        () => this.#forget(tree), // F3; whoever waits for it has the error.
      )
      .finally(inTime);
    return tree;
  }

  /** F5; what it returns ends the time. */
  #giveUpLate(ending: AbortController): () => void {
    const inTime = new AbortController();
    this.#options.clock.sleep(OPENING_MS_MAX, inTime.signal).then(
      () => ending.abort(tooLate()),
      () => undefined, // It was in time.
    );
    return () => inTime.abort();
  }

  #beginTransfer(input: Input<'beginFileTransfer'>): OpenTransfer {
    const { tree, files } = this.#ready(input.treeId);
    const transfer = files
      .download(placeOf(input))
      .then((download) => new FileTransfer(input.treeId, download));
    const open = { tree, transfer, usedNs: this.#options.clock.monotonicNs() };
    this.#transfers.set(input.transferId, open);
    return open;
  }

  async #in<Result>(
    treeId: string,
    action: (files: GuestTree) => Promise<Result>,
  ): Promise<Result | undefined> {
    const { tree, files } = this.#ready(treeId);
    try {
      return await this.#patiently(action(files));
    } catch (error) {
      this.#forgetFailed(tree, error);
      throw error;
    } finally {
      this.#touch(treeId);
    }
  }

  #ready(treeId: string): { readonly tree: Tree; readonly files: GuestTree } {
    const tree = this.#trees.get(treeId);
    if (tree?.files === undefined) throw notOpen();
    tree.usedNs = this.#options.clock.monotonicNs();
    return { tree, files: tree.files };
  }

  #touch(treeId: string): void {
    const tree = this.#trees.get(treeId);
    if (tree !== undefined) tree.usedNs = this.#options.clock.monotonicNs();
  }

  /** F3 */
  #forgetFailed(tree: Tree, error: unknown): void {
    if (!(error instanceof OperationError) || error.code !== 'APPLIANCE_FAILED') return;
    if (this.#trees.get(tree.treeId) === tree) this.#beginClose(tree);
  }

  /** Not another one of the same id. */
  #forget(tree: Tree): void {
    if (this.#trees.get(tree.treeId) === tree) this.#trees.delete(tree.treeId);
  }

  /** F1 */
  async #makeRoom(): Promise<void> {
    if (this.#closings.size > 0) return await Promise.race(this.#closings);
    const idle = [...this.#trees.values()].filter((tree) => tree.files?.isBusy === false);
    const [oldest] = idle.toSorted((left, right) => Number(left.usedNs - right.usedNs));
    if (oldest === undefined) throw busy(`${TREES_MAX} recovery points are in use on this launch host`);
    await this.#beginClose(oldest);
  }

  async #sweep(): Promise<void> {
    const { clock } = this.#options;
    const isOlder = (usedNs: bigint, ageMs: number) => Number(clock.monotonicNs() - usedNs) / 1e6 >= ageMs;
    for (const [transferId, { usedNs }] of this.#transfers)
      if (isOlder(usedNs, TRANSFER_IDLE_MS_MAX)) await this.end({ transferId });
    for (const tree of this.#trees.values())
      if (tree.files?.isBusy === false && isOlder(tree.usedNs, TREE_IDLE_MS_MAX))
        await this.#beginClose(tree);
  }

  /** Resolves when it is closed; never rejects. */
  #beginClose(tree: Tree): Promise<void> {
    const { treeId } = tree;
    this.#forget(tree);
    const closing = this.#close(tree)
      .then(
        () => this.#options.logger.info('files-tree-closed', { treeId }),
        (error: unknown) => this.#options.logger.error('files-tree-not-closed', { treeId, error }),
      )
      .finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
    return closing;
  }

  /** An opening is given up; what is open ends in its own way. */
  async #close({ folder, ending, opened, files }: Tree): Promise<void> {
    if (files === undefined) ending.abort();
    const [outcome] = await Promise.allSettled([opened]);
    if (outcome.status === 'fulfilled') await outcome.value.close();
    await removeFolder(folder);
  }

  /** Nothing, when it takes longer than the one who asks can wait. */
  async #patiently<Result>(action: Promise<Result>): Promise<Result | undefined> {
    const waited = new AbortController();
    const patience = this.#options.clock.sleep(PATIENCE_MS, waited.signal).then(
      () => undefined,
      () => undefined, // Not needed any more.
    );
    try {
      return await Promise.race([action, patience]);
    } finally {
      waited.abort();
    }
  }
}

function placeOf({ filesystem, pathBase64 }: FilePlace): GuestPlace {
  return { filesystem, path: Buffer.from(pathBase64, 'base64') };
}

function entryOf({ name, target, ...status }: GuestEntry): FileEntry {
  const link = target === undefined ? {} : { targetBase64: target.toString('base64') };
  return { ...status, nameBase64: name.toString('base64'), ...link };
}

function busy(why: string): OperationError {
  return new OperationError('FILES_BUSY', why, { hint: 'ask again when that has ended', retryable: true });
}

function notOpen(): OperationError {
  return new OperationError('FILES_OPENING', 'the recovery point is not open on this launch host', {
    hint: 'ask again',
    retryable: true,
  });
}

function tooLate(): OperationError {
  const message = `the appliance did not open within ${OPENING_MS_MAX / 60_000} minutes`;
  return new OperationError('APPLIANCE_FAILED', message, {
    hint: 'look at the load, the free memory and the free disk space of the launch host, then ask again',
    retryable: true,
  });
}

function unknownTransfer(transferId: string): OperationError {
  return new OperationError('FILES_TRANSFER_BROKEN', `this launch host has no transfer ${transferId}`, {
    hint: 'the launch host was restarted, or nobody read for two minutes: fetch it again',
  });
}

function invalidTree(treeId: string): OperationError {
  return new OperationError(
    'REQUEST_INVALID',
    `the id ${treeId.slice(0, 200)}, or one of its disks, is none`,
    {
      hint: 'use a control plane of the same version',
    },
  );
}
