/**
 * Files of a guest, read through an appliance that stays: overlays of its disks attached, one tree mounted
 * read-only at a time. An appliance does one thing after the other; who comes while a file is on its way out
 * waits, or is told so by `isBusy`.
 *
 * The overlays are the caller's, and thrown away: a journal is replayed into them, so what is seen is what
 * the source would have seen after a power cut, and the view below is only read.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, type Clock, type Logger, OperationError } from '@landfall/runtime';
import { type ConversionDisk, startAppliance } from '../appliance/guestfs-appliance.ts';
import { type CommandOutcome, GuestfsSession } from '../appliance/guestfs-session.ts';
import { listFilesystems } from '../inspect/guestfs-filesystems.ts';
import { nameDisks } from '../inspect/guestfs-inspect.ts';
import {
  type GuestEntry,
  type GuestStatus,
  parseNames,
  parseStatuses,
  UNKNOWN_STATUS,
} from './guest-entry.ts';
import { baseNameOf, joinGuestPath, normalizeGuestPath } from './guest-path.ts';
import { type MountContext, mountAlone, mountGuestTree, sourceNameOf } from './guestfs-mounts.ts';
import { createFifo } from './linux-fifo.ts';

export interface GuestFilesOptions {
  readonly disks: readonly ConversionDisk[];
  /** Of this appliance alone; small. */
  readonly scratchFolder: string;
  readonly useKvm: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limits?: Partial<GuestFilesLimits>;
}

/** What takes longer ends the appliance: a damaged file system can hold one up for good. */
export interface GuestFilesLimits {
  readonly openMs: number;
  /** A listing, or the beginning of a download. */
  readonly listMs: number;
  /** What a download takes to end after nobody reads it any more. */
  readonly cancelMs: number;
}

export interface GuestPlace {
  /**
   * One file system alone, named as in an fstab of the guest; absent: its root and all that is mounted there.
   */
  readonly filesystem?: string | undefined;
  readonly path: Buffer;
}

export interface GuestFilesystem {
  /** As the source calls it. */
  readonly device: string;
  readonly type: string;
  readonly label: string | undefined;
  readonly uuid: string | undefined;
}

export interface GuestListing {
  /** Else `entries` is the one that was asked for. */
  readonly isFolder: boolean;
  /** By the bytes of their names. */
  readonly entries: readonly GuestEntry[];
  readonly hasMore: boolean;
}

export interface GuestDownload {
  readonly entry: GuestEntry;
  /** The bytes of a file; a folder as a tar archive with owners, modes, ACLs and extended attributes. */
  readonly stream: Readable;
  /** Rejects when what came is not whole. Errors: FILES_UNREADABLE, APPLIANCE_FAILED. */
  readonly whole: Promise<void>;
}

/** An appliance is not kept longer than this, whatever happens. */
const SESSION_MS_MAX = 24 * 3_600_000;
const LIMITS: GuestFilesLimits = { openMs: 10 * 60_000, listMs: 2 * 60_000, cancelMs: 60_000 };
/** A page ends after this long, with what it has: whoever asks has a time of his own. */
const PAGE_MS = 4000;
const STATUS_BATCH = 200;
/** Far from what a line for guestfish can hold beside the folder. */
const STATUS_BATCH_BYTES = 3000;
/** Names that need no quoting in a list of the appliance's shell. */
const PLAIN_NAME = /^[\w.+@:,=-]+$/;
const WHOLE_TREE = '';

export class GuestFiles {
  readonly #session: GuestfsSession;
  readonly #folder: string;
  readonly #context: MountContext;
  readonly #clock: Clock;
  readonly #limits: GuestFilesLimits;
  #mounted: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(options: GuestFilesOptions, context: MountContext) {
    this.#session = context.session;
    this.#folder = options.scratchFolder;
    this.#context = context;
    this.#clock = options.clock;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Takes some ten seconds, more without hardware virtualization. Errors: APPLIANCE_FAILED, TOOL_MISSING. */
  static async open(options: GuestFilesOptions): Promise<GuestFiles> {
    const { logger, clock, useKvm, signal, disks, scratchFolder } = options;
    await mkdir(scratchFolder, { recursive: true });
    const session = new GuestfsSession({ logger, clock, useKvm, signal, timeoutMs: SESSION_MS_MAX });
    try {
      const filesystems = await within(session, options.limits?.openMs ?? LIMITS.openMs, async () => {
        await startAppliance(session, { disks });
        return listFilesystems(session, nameDisks({ disks }));
      });
      return new GuestFiles(options, { session, disks: nameDisks({ disks }), filesystems, logger });
    } catch (error) {
      await session.abort();
      throw error;
    }
  }

  /** Something is asked of the appliance now. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  get filesystems(): readonly GuestFilesystem[] {
    const { filesystems, disks } = this.#context;
    return filesystems.map((each) => {
      const { type, label, uuid } = each;
      return { device: sourceNameOf(each, disks), type, label, uuid };
    });
  }

  /**
   * What is in a folder, from after the name `after` on. Links on the way are followed inside the guest.
   * Errors: FILES_PATH_MISSING, FILES_PATH_INVALID, FILES_UNREADABLE, and those of mounting.
   */
  list(
    place: GuestPlace,
    page: { readonly after?: Buffer | undefined; readonly limit: number },
  ): Promise<GuestListing> {
    const path = normalizeGuestPath(place.path);
    return this.#inTurn(() =>
      within(this.#session, this.#limits.listMs, async () => {
        await this.#mount(place.filesystem);
        const { kind } = await this.#status('statns', path);
        if (kind === 'FOLDER') return this.#page(path, page);
        return { isFolder: false, entries: [await this.#entry(path)], hasMore: false };
      }),
    );
  }

  /**
   * Until its stream has ended or was destroyed, nothing else is answered. Errors: as of `list`;
   * FILES_KIND_UNSUPPORTED.
   */
  download(place: GuestPlace): Promise<GuestDownload> {
    const path = normalizeGuestPath(place.path);
    return new Promise((resolve, reject) => {
      const turn = this.#inTurn(async () => {
        const begun = await within(this.#session, this.#limits.listMs, () =>
          this.#begin(place.filesystem, path),
        );
        resolve(begun);
        await begun.whole;
      });
      turn.catch(reject);
    });
  }

  /** Ends the appliance, whatever it does. */
  async close(): Promise<void> {
    await this.#session.abort();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #begin(filesystem: string | undefined, path: Buffer): Promise<GuestDownload> {
    await this.#mount(filesystem);
    const entry = { ...(await this.#status('statns', path)), name: baseNameOf(path), target: undefined };
    if (entry.kind !== 'FILE' && entry.kind !== 'FOLDER') throw unsupported(path, entry.kind);
    const fifo = await createFifo(join(this.#folder, 'download'));
    const command =
      entry.kind === 'FILE'
        ? this.#session.attempt('download', path, fifo.path)
        : this.#session.attempt('tar-out', path, fifo.path, 'numericowner:true', 'xattrs:true', 'acls:true');
    return { entry, stream: fifo.stream, whole: this.#finished(fifo.stream, command, path) };
  }

  async #mount(filesystem: string | undefined): Promise<void> {
    const wanted = filesystem ?? WHOLE_TREE;
    if (this.#mounted === wanted) return;
    this.#mounted = undefined;
    await this.#session.must('umount-all');
    if (filesystem === undefined) await mountGuestTree(this.#context);
    else await mountAlone(this.#context, filesystem);
    this.#mounted = wanted;
  }

  async #names(path: Buffer): Promise<Buffer[]> {
    const local = join(this.#folder, 'names');
    throwUnreadable(path, await this.#session.attempt('ls0', path, local));
    const content = await readFile(local);
    await rm(local);
    return parseNames(content);
  }

  async #page(
    folder: Buffer,
    { after: last, limit }: { readonly after?: Buffer | undefined; readonly limit: number },
  ): Promise<GuestListing> {
    const endNs = this.#clock.monotonicNs() + BigInt(PAGE_MS) * 1_000_000n;
    const names = await this.#names(folder);
    const rest = last === undefined ? names : names.filter((name) => Buffer.compare(name, last) > 0);
    const entries: GuestEntry[] = [];
    const isOver = () => entries.length > 0 && this.#clock.monotonicNs() >= endNs;
    for (const batch of batchesOf(rest.slice(0, limit))) {
      const statuses = await this.#statuses(folder, batch);
      for (const name of batch) {
        if (isOver()) break;
        entries.push(await this.#named(joinGuestPath(folder, name), name, statuses.get(name)));
      }
      if (isOver()) break;
    }
    return { isFolder: true, entries, hasMore: rest.length > entries.length };
  }

  /** Of many at once; those it lacks are to be asked for one by one. */
  async #statuses(
    folder: Buffer,
    names: readonly Buffer[],
  ): Promise<ReadonlyMap<Buffer, GuestStatus | undefined>> {
    const plain = names.filter((name) => PLAIN_NAME.test(name.toString('latin1')));
    if (plain.length === 0) return new Map();
    const words = plain.map(String).join(' ');
    const { output, error } = await this.#session.attempt('lstatnslist', folder, words);
    const found = error === undefined ? parseStatuses(output) : [];
    return new Map(plain.map((name, index) => [name, found[index]]));
  }

  /** What is there is listed, even where its status or target cannot be read. */
  async #named(path: Buffer, name: Buffer, known: GuestStatus | undefined): Promise<GuestEntry> {
    const status = known ?? parseStatuses((await this.#session.attempt('lstatns', path)).output)[0];
    return this.#withTarget(path, { ...(status ?? UNKNOWN_STATUS), name });
  }

  async #entry(path: Buffer): Promise<GuestEntry> {
    return this.#withTarget(path, { ...(await this.#status('lstatns', path)), name: baseNameOf(path) });
  }

  async #withTarget(path: Buffer, entry: GuestStatus & { readonly name: Buffer }): Promise<GuestEntry> {
    if (entry.kind !== 'SYMLINK') return { ...entry, target: undefined };
    const { bytes, error } = await this.#session.attempt('readlink', path);
    return { ...entry, target: error === undefined ? bytes.subarray(0, -1) : undefined };
  }

  async #status(command: 'statns' | 'lstatns', path: Buffer): Promise<GuestStatus> {
    const outcome = await this.#session.attempt(command, path);
    throwUnreadable(path, outcome);
    const [status] = parseStatuses(outcome.output);
    if (status === undefined) throw unreadable(path, 'its status makes no sense');
    return status;
  }

  /**
   * A command that failed before it wrote anything leaves a pipe without an end; one that did well has
   * closed it.
   */
  async #finished(stream: Readable, command: Promise<CommandOutcome>, path: Buffer): Promise<void> {
    const closed = new Promise<void>((resolve) => stream.once('close', resolve));
    let cancelLimit: () => void = () => undefined;
    const limit = () => {
      cancelLimit = limited(this.#session, this.#limits.cancelMs);
    };
    stream.once('close', limit);
    try {
      throwUnreadable(path, await command);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : undefined);
      throw error;
    } finally {
      stream.off('close', limit);
      cancelLimit();
    }
    await closed;
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    this.#waiting += 1;
    const mine = this.#turn.then(action).finally(() => {
      this.#waiting -= 1;
    });
    this.#turn = mine.then(
      () => undefined,
      () => undefined, // The caller of `mine` has the error; the next one only needs its turn.
    );
    return mine;
  }
}

async function within<Result>(
  session: GuestfsSession,
  limitMs: number,
  action: () => Promise<Result>,
): Promise<Result> {
  const cancel = limited(session, limitMs);
  try {
    return await action();
  } finally {
    cancel();
  }
}

function limited(session: GuestfsSession, limitMs: number): () => void {
  return after(limitMs, () =>
    session.abandon(
      new OperationError('APPLIANCE_FAILED', `the appliance took more than ${limitMs} ms, and was ended`, {
        hint: 'the file system may be damaged at this recovery point: try again, then another point',
        retryable: true,
      }),
    ),
  );
}

/** In their order; a list for the appliance is bounded by its number and by its length. */
export function batchesOf(names: readonly Buffer[]): Buffer[][] {
  const batches: Buffer[][] = [];
  let bytes = 0;
  for (const name of names) {
    const batch = batches.at(-1);
    bytes += name.length + 1;
    if (batch !== undefined && batch.length < STATUS_BATCH && bytes <= STATUS_BATCH_BYTES) batch.push(name);
    else {
      batches.push([name]);
      bytes = name.length + 1;
    }
  }
  return batches;
}

function throwUnreadable(path: Buffer, { error }: CommandOutcome): void {
  if (error === undefined) return;
  if (!/: (No such file or directory|Not a directory)$/m.test(error)) throw unreadable(path, error);
  throw new OperationError('FILES_PATH_MISSING', `there is no ${path} at this recovery point`, {
    hint: 'list the folder above it, or try another recovery point',
  });
}

function unreadable(path: Buffer, why: string): OperationError {
  return new OperationError('FILES_UNREADABLE', `${path} cannot be read: ${why}`, {
    hint: 'the file system may be damaged at this recovery point: try another one',
  });
}

function unsupported(path: Buffer, kind: string): OperationError {
  return new OperationError(
    'FILES_KIND_UNSUPPORTED',
    `${path} is a ${kind.toLowerCase().replace('_', ' ')}`,
    {
      hint: 'only files and folders can be fetched; a folder brings what is special in it along',
    },
  );
}
