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
import { type Clock, type Logger, OperationError } from '@landfall/runtime';
import type { Filesystem } from './fstab.ts';
import { type GuestEntry, type GuestStatus, parseNames, parseStatuses } from './guest-entry.ts';
import { baseNameOf, joinGuestPath, normalizeGuestPath } from './guest-path.ts';
import { type ConversionDisk, startAppliance } from './guestfs-appliance.ts';
import { nameDisks } from './guestfs-inspect.ts';
import {
  listMountable,
  type MountContext,
  mountAlone,
  mountGuestTree,
  sourceNameOf,
} from './guestfs-mounts.ts';
import { type CommandOutcome, GuestfsSession } from './guestfs-session.ts';
import type { InspectedDisk } from './inspection.ts';
import { createFifo } from './linux-fifo.ts';

export interface GuestFilesOptions {
  readonly disks: readonly ConversionDisk[];
  /** Of this appliance alone; small. */
  readonly scratchFolder: string;
  readonly useKvm: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
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
const STATUS_BATCH = 200;
/** Names that need no quoting in a list of the appliance's shell. */
const PLAIN_NAME = /^[\w.+@:,=-]+$/;
const WHOLE_TREE = '';

export class GuestFiles {
  readonly #session: GuestfsSession;
  readonly #folder: string;
  readonly #context: MountContext;
  #mounted: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(session: GuestfsSession, folder: string, context: MountContext) {
    this.#session = session;
    this.#folder = folder;
    this.#context = context;
  }

  /** Takes some ten seconds, more without hardware virtualization. Errors: APPLIANCE_FAILED, TOOL_MISSING. */
  static async open(options: GuestFilesOptions): Promise<GuestFiles> {
    const { logger, clock, useKvm, signal, disks, scratchFolder } = options;
    await mkdir(scratchFolder, { recursive: true });
    const session = new GuestfsSession({ logger, clock, useKvm, signal, timeoutMs: SESSION_MS_MAX });
    try {
      await startAppliance(session, { disks });
      const named: InspectedDisk[] = nameDisks({ disks });
      const filesystems: readonly Filesystem[] = await listMountable(session, named);
      return new GuestFiles(session, scratchFolder, { session, disks: named, filesystems, logger });
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
    return this.#inTurn(async () => {
      await this.#mount(place.filesystem);
      const { kind } = await this.#status('statns', path);
      if (kind !== 'FOLDER') return { isFolder: false, entries: [await this.#entry(path)], hasMore: false };
      const names = await this.#names(path);
      const { after, limit } = page;
      const rest = after === undefined ? names : names.filter((name) => Buffer.compare(name, after) > 0);
      const entries = await this.#entries(path, rest.slice(0, limit));
      return { isFolder: true, entries, hasMore: rest.length > limit };
    });
  }

  /**
   * Until its stream has ended or was destroyed, nothing else is answered. Errors: as of `list`;
   * FILES_KIND_UNSUPPORTED.
   */
  download(place: GuestPlace): Promise<GuestDownload> {
    const path = normalizeGuestPath(place.path);
    return new Promise((resolve, reject) => {
      const turn = this.#inTurn(async () => {
        const begun = await this.#begin(place.filesystem, path);
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
    return { entry, stream: fifo.stream, whole: finished(fifo.stream, command, path) };
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

  /** What is there is listed, even where the status of something in it cannot be read. */
  async #entries(folder: Buffer, names: readonly Buffer[]): Promise<GuestEntry[]> {
    const statuses = new Map<Buffer, GuestStatus | undefined>();
    const plain = names.filter((name) => PLAIN_NAME.test(name.toString('latin1')));
    for (let start = 0; start < plain.length; start += STATUS_BATCH) {
      const batch = plain.slice(start, start + STATUS_BATCH);
      const found = parseStatuses(
        await this.#session.must('lstatnslist', folder, batch.map(String).join(' ')),
      );
      for (const [index, name] of batch.entries()) statuses.set(name, found[index]);
    }
    const entries: GuestEntry[] = [];
    for (const name of names) {
      const path = joinGuestPath(folder, name);
      const status = statuses.get(name) ?? (await this.#status('lstatns', path));
      entries.push(await this.#withTarget(path, { ...status, name }));
    }
    return entries;
  }

  async #entry(path: Buffer): Promise<GuestEntry> {
    return this.#withTarget(path, { ...(await this.#status('lstatns', path)), name: baseNameOf(path) });
  }

  async #withTarget(path: Buffer, entry: GuestStatus & { readonly name: Buffer }): Promise<GuestEntry> {
    if (entry.kind !== 'SYMLINK') return { ...entry, target: undefined };
    const outcome = await this.#session.attempt('readlink', path);
    throwUnreadable(path, outcome);
    return { ...entry, target: outcome.bytes.subarray(0, -1) };
  }

  async #status(command: 'statns' | 'lstatns', path: Buffer): Promise<GuestStatus> {
    const outcome = await this.#session.attempt(command, path);
    throwUnreadable(path, outcome);
    const [status] = parseStatuses(outcome.output);
    if (status === undefined) throw unreadable(path, 'its status makes no sense');
    return status;
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

/**
 * A command that failed before it wrote anything leaves a pipe without an end; one that did well has closed
 * it.
 */
async function finished(stream: Readable, command: Promise<CommandOutcome>, path: Buffer): Promise<void> {
  try {
    throwUnreadable(path, await command);
  } catch (error) {
    stream.destroy(error instanceof Error ? error : undefined);
    throw error;
  }
  if (stream.destroyed || stream.readableEnded) return;
  await new Promise<void>((resolve) => stream.once('close', resolve));
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
