/**
 * Recovery points that are open for reading files: each an appliance over throw-away overlays of its disks,
 * kept for some minutes after it was last used, because opening one is what takes long.
 *
 * F1 At most TREES_MAX are open. For another one, the one that was not used for longest is closed, if nobody
 *    uses it.
 * F2 The overlays are in a folder of this program alone, emptied when it starts; views are only read.
 * F3 A tree whose appliance failed is forgotten: asked for again, it is opened anew.
 * F4 A transfer nobody reads from is ended, so that its tree is free again.
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
import { type GuestEntry, GuestFiles, type GuestPlace } from '@landfall/conversion';
import { createOverlay } from '@landfall/launch';
import { ensureFolder, every, OperationError } from '@landfall/runtime';
import { removeFolder } from './file-machine-store.ts';
import { FileTransfer } from './file-transfer.ts';
import type { HostServices } from './host-services.ts';
import { overlayName } from './machine-context.ts';

export interface FileTreesOptions extends HostServices {
  readonly folder: string;
}

type Input<Name extends 'openFiles' | 'listFiles' | 'beginFileTransfer'> = CommandInput<'launch-host', Name>;
type Output<Name extends 'openFiles' | 'listFiles' | 'beginFileTransfer'> = CommandOutput<
  'launch-host',
  Name
>;

interface Tree {
  readonly treeId: string;
  readonly ending: AbortController;
  readonly opened: Promise<GuestFiles>;
  files: GuestFiles | undefined;
  usedNs: bigint;
}

interface OpenTransfer {
  readonly transfer: Promise<FileTransfer>;
  usedNs: bigint;
}

const TREES_MAX = 2;
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
  readonly #transfers = new Map<string, OpenTransfer>();
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
    await Promise.all([...this.#trees.values()].map((tree) => this.#close(tree)));
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
    const { transferId, treeId } = input;
    const known = this.#transfers.get(transferId) ?? this.#beginTransfer(input);
    try {
      const transfer = await this.#patiently(known.transfer);
      if (transfer === undefined) throw busy('another file is on its way out of this recovery point');
      return { entry: entryOf(transfer.entry) };
    } catch (error) {
      await this.end({ transferId });
      this.#forgetFailed(treeId, error);
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
    await this.#makeRoom();
    const known = this.#trees.get(treeId);
    if (known !== undefined) return known;
    const ending = new AbortController();
    const usedNs = this.#options.clock.monotonicNs();
    const opened = this.#openFiles(treeId, disks, ending.signal);
    const tree: Tree = { treeId, ending, opened, files: undefined, usedNs };
    this.#trees.set(treeId, tree);
    opened.then(
      (files) => {
        tree.files = files;
      },
      () => this.#trees.delete(treeId), // F3; whoever waits for it has the error.
    );
    return tree;
  }

  async #openFiles(treeId: string, disks: readonly MachineDisk[], signal: AbortSignal): Promise<GuestFiles> {
    const { logger, clock, accelerator, viewTimeoutSeconds } = this.#options;
    const folder = join(this.#options.folder, treeId);
    const startedNs = clock.monotonicNs();
    try {
      await ensureFolder(folder);
      const overlays = disks.map((disk) => ({
        ...disk,
        overlayPath: join(folder, overlayName(disk.diskId)),
      }));
      for (const { nbdUri, sizeBytes, overlayPath: path } of overlays)
        await createOverlay({ path, nbdUri, sizeBytes, openTimeoutSeconds: viewTimeoutSeconds });
      const scratchFolder = join(folder, 'scratch');
      const useKvm = accelerator === 'kvm';
      const files = await GuestFiles.open({ disks: overlays, scratchFolder, useKvm, logger, clock, signal });
      const durationMs = Number((clock.monotonicNs() - startedNs) / 1_000_000n);
      logger.info('files-tree-opened', { treeId, disks: disks.length, durationMs });
      return files;
    } catch (error) {
      await removeFolder(folder);
      throw error;
    }
  }

  #beginTransfer(input: Input<'beginFileTransfer'>): OpenTransfer {
    const tree = this.#ready(input.treeId);
    const transfer = tree.files
      .download(placeOf(input))
      .then((download) => new FileTransfer(input.treeId, download));
    const open = { transfer, usedNs: this.#options.clock.monotonicNs() };
    this.#transfers.set(input.transferId, open);
    return open;
  }

  async #in<Result>(
    treeId: string,
    action: (files: GuestFiles) => Promise<Result>,
  ): Promise<Result | undefined> {
    const tree = this.#ready(treeId);
    try {
      return await this.#patiently(action(tree.files));
    } catch (error) {
      this.#forgetFailed(treeId, error);
      throw error;
    } finally {
      this.#touch(treeId);
    }
  }

  #ready(treeId: string): Tree & { readonly files: GuestFiles } {
    const tree = this.#trees.get(treeId);
    if (tree?.files === undefined) throw notOpen();
    tree.usedNs = this.#options.clock.monotonicNs();
    return { ...tree, files: tree.files };
  }

  #touch(treeId: string): void {
    const tree = this.#trees.get(treeId);
    if (tree !== undefined) tree.usedNs = this.#options.clock.monotonicNs();
  }

  /** F3 */
  #forgetFailed(treeId: string, error: unknown): void {
    if (!(error instanceof OperationError) || error.code !== 'APPLIANCE_FAILED') return;
    const tree = this.#trees.get(treeId);
    if (tree === undefined) return;
    this.#close(tree).catch((cause: unknown) =>
      this.#options.logger.error('files-tree-not-closed', { treeId, error: cause }),
    );
  }

  /** F1 */
  async #makeRoom(): Promise<void> {
    if (this.#trees.size < TREES_MAX) return;
    const idle = [...this.#trees.values()].filter((tree) => tree.files?.isBusy === false);
    const [oldest] = idle.toSorted((left, right) => Number(left.usedNs - right.usedNs));
    if (oldest === undefined) throw busy(`${TREES_MAX} recovery points are in use on this launch host`);
    await this.#close(oldest);
  }

  async #sweep(): Promise<void> {
    const { clock } = this.#options;
    const isOlder = (usedNs: bigint, ageMs: number) => Number(clock.monotonicNs() - usedNs) / 1e6 >= ageMs;
    for (const [transferId, { usedNs }] of this.#transfers)
      if (isOlder(usedNs, TRANSFER_IDLE_MS_MAX)) await this.end({ transferId });
    for (const tree of this.#trees.values())
      if (tree.files?.isBusy === false && isOlder(tree.usedNs, TREE_IDLE_MS_MAX)) await this.#close(tree);
  }

  async #close(tree: Tree): Promise<void> {
    const { treeId, ending, opened } = tree;
    this.#trees.delete(treeId);
    ending.abort();
    const [files] = await Promise.allSettled([opened]);
    if (files.status === 'fulfilled') await files.value.close();
    await removeFolder(join(this.#options.folder, treeId));
    this.#options.logger.info('files-tree-closed', { treeId });
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
