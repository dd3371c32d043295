/** qcow2 overlays, through qemu-img. */
import { existsSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes, MIB, mapAtOnce, OperationError, run, runChecked } from '@landfall/runtime';
import { backingSpecification } from './launch-plan.ts';
import { syncFile } from './qemu-hydration.ts';

/** What conversion and the first minutes of a machine write. */
const OVERLAY_RESERVE_BYTES = 512 * MIB;
/** Looked at beside each other. */
const IMAGES_AT_ONCE_MAX = 4;
const TIMEOUT_MS = 120_000;
const COPY_TIMEOUT_MS = 600_000;
/** Of all images together: others wait for it. */
const MEASURE_TIMEOUT_MS = 10_000;

export interface OverlayRequest {
  readonly path: string;
  readonly nbdUri: string;
  /** What the view has to have; a view of another disk must not be launched. */
  readonly sizeBytes: number;
  /** How long a replication server that does not answer is waited for; a minute without it. */
  readonly openTimeoutSeconds?: number | undefined;
}

/** A fresh overlay, whatever was there before. Errors: OVERLAY_NO_SPACE, VIEW_UNREACHABLE. */
export async function createOverlay(request: OverlayRequest): Promise<void> {
  await checkSpace(dirname(request.path));
  await rm(request.path, { force: true });
  const backing = backingSpecification(request.nbdUri, request.openTimeoutSeconds);
  try {
    await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', backing, request.path], {
      timeoutMs: TIMEOUT_MS,
    });
  } catch (cause) {
    throw viewUnreachable(`the view ${request.nbdUri} cannot be opened: ${describe(cause)}`, cause);
  }
  const { sizeBytes } = await inspectImage(request.path);
  if (sizeBytes === request.sizeBytes) return;
  throw viewUnreachable(`the view ${request.nbdUri} has ${sizeBytes} bytes instead of ${request.sizeBytes}`);
}

export interface ImageFacts {
  readonly sizeBytes: number;
  readonly bytesOnDisk: number;
  /** Whether reading it still needs something else. */
  readonly hasBacking: boolean;
}

/** Looks at the file only, also while a machine uses it. */
export async function inspectImage(path: string): Promise<ImageFacts> {
  const { stdout } = await runChecked(['qemu-img', 'info', '-U', '--output=json', path], {
    timeoutMs: TIMEOUT_MS,
  });
  const facts: { 'virtual-size': number; 'actual-size': number; 'backing-filename'?: string } =
    JSON.parse(stdout);
  return {
    sizeBytes: facts['virtual-size'],
    bytesOnDisk: facts['actual-size'],
    hasBacking: facts['backing-filename'] !== undefined,
  };
}

/**
 * The same file elsewhere, by sharing its blocks where the file system can; what it is backed by stays. A
 * copy that was interrupted is of no use. Resolves to what the original is. Errors: OVERLAY_NO_SPACE.
 */
export async function copyOverlay(from: string, to: string): Promise<ImageFacts> {
  const [source, folder] = [await inspectImage(from), dirname(to)];
  await checkSpace(folder, OVERLAY_RESERVE_BYTES + source.bytesOnDisk);
  await runChecked(['cp', '--reflink=auto', '--sparse=always', '--', from, to], {
    timeoutMs: COPY_TIMEOUT_MS,
  });
  return source;
}

/** Whether copies of all of them fit there, side by side. Errors: OVERLAY_NO_SPACE. */
export async function checkSpaceForCopies(paths: readonly string[], folder: string): Promise<void> {
  const images = await mapAtOnce(paths, IMAGES_AT_ONCE_MAX, inspectImage);
  const bytes = images.reduce((sum, { bytesOnDisk }) => sum + bytesOnDisk, 0);
  await checkSpace(folder, OVERLAY_RESERVE_BYTES + bytes);
}

/** A copy of an overlay that was kept, on another view of the same bytes; neither view is read. */
export async function copyOntoView(from: string, request: OverlayRequest): Promise<void> {
  const { sizeBytes } = await copyOverlay(from, request.path);
  if (sizeBytes !== request.sizeBytes)
    throw viewUnreachable(`the kept overlay has ${sizeBytes} bytes instead of ${request.sizeBytes}`);
  await setBacking(request);
}

/**
 * H6: the view behind an overlay that lost it and may miss what its file was never told of. What the overlay
 * has of its own stays, and goes before the view; the view is not read.
 */
export async function putViewBack(request: Omit<OverlayRequest, 'sizeBytes'>): Promise<void> {
  await setBacking(request);
  await syncFile(request.path);
}

async function setBacking({
  path,
  nbdUri,
  openTimeoutSeconds,
}: Omit<OverlayRequest, 'sizeBytes'>): Promise<void> {
  const backing = backingSpecification(nbdUri, openTimeoutSeconds);
  const rebase = ['qemu-img', 'rebase', '-q', '-u', '-f', 'qcow2', '-F', 'raw'] as const;
  await runChecked([...rebase, '-b', backing, path], { timeoutMs: TIMEOUT_MS });
}

/**
 * Whether these overlays can be filled in where they are, beside `others`, which fill in already and have not
 * taken all their room yet. What is empty in a view takes no room, but to ask for that takes a while: it is
 * asked only if everything would not fit. A view that does not tell it in time may be full. Errors:
 * OVERLAY_NO_SPACE.
 */
export async function checkSpaceToFillIn(
  paths: readonly string[],
  { folder, others }: { readonly folder: string; readonly others: readonly string[] },
): Promise<void> {
  const own = await findUnfilled(paths);
  if (own.length === 0) return;
  const unfilled = [...own, ...(await findUnfilled(others))];
  const mostBytes = unfilled.reduce((sum, image) => sum + bytesMissing(image, image.sizeBytes), 0);
  // After what is missing: what a disk takes between the two looks counts against it, never for it.
  if ((await freeBytesIn(folder)) >= OVERLAY_RESERVE_BYTES + mostBytes) return;
  const missing = await measureMissing(unfilled);
  const freeBytes = await freeBytesIn(folder);
  const neededBytes = OVERLAY_RESERVE_BYTES + missing.reduce((sum, bytes) => sum + bytes, 0);
  if (freeBytes >= neededBytes) return;
  const ownBytes = missing.slice(0, own.length).reduce((sum, bytes) => sum + bytes, 0);
  throw noSpaceToFillIn(folder, { freeBytes, neededBytes, ownBytes });
}

function noSpaceToFillIn(
  folder: string,
  bytes: Readonly<Record<'freeBytes' | 'neededBytes' | 'ownBytes', number>>,
): OperationError {
  const needed = formatBytes(bytes.neededBytes);
  const othersBytes = bytes.neededBytes - OVERLAY_RESERVE_BYTES - bytes.ownBytes;
  const others = othersBytes === 0 ? '' : `, ${formatBytes(othersBytes)} of it for machines that fill in now`;
  const message = `${formatBytes(bytes.freeBytes)} are free in ${folder}; filling in the machine's disks may need`;
  return new OperationError('OVERLAY_NO_SPACE', `${message} ${needed}${others}`, {
    hint: 'terminate test machines that are no longer needed, or free space there; then ask again',
  });
}

interface UnfilledImage extends ImageFacts {
  readonly path: string;
}

/** One that is there no more, because its machine was just terminated, needs nothing. */
async function findUnfilled(paths: readonly string[]): Promise<UnfilledImage[]> {
  const there = paths.filter((path) => existsSync(path));
  const images = await mapAtOnce(there, IMAGES_AT_ONCE_MAX, async (path) => {
    return { path, facts: await inspectIfThere(path) };
  });
  return images.flatMap(({ path, facts }) => (facts?.hasBacking === true ? [{ path, ...facts }] : []));
}

async function inspectIfThere(path: string): Promise<ImageFacts | undefined> {
  try {
    return await inspectImage(path);
  } catch (error) {
    if (existsSync(path)) throw error;
    return undefined;
  }
}

/** In the order of the images, in bytes; they share the time that there is for it. */
async function measureMissing(images: readonly UnfilledImage[]): Promise<readonly number[]> {
  const deadline = AbortSignal.timeout(MEASURE_TIMEOUT_MS);
  return await mapAtOnce(images, IMAGES_AT_ONCE_MAX, async (image) =>
    bytesMissing(image, (await measureWhole(image.path, deadline)) ?? image.sizeBytes),
  );
}

function bytesMissing({ bytesOnDisk }: ImageFacts, wholeBytes: number): number {
  return Math.max(0, wholeBytes - bytesOnDisk);
}

/** What the file has once it is filled in, as its view tells it; `undefined`: it does not, or not in time. */
async function measureWhole(path: string, deadline: AbortSignal): Promise<number | undefined> {
  if (deadline.aborted) return undefined;
  const argv = ['qemu-img', 'measure', '-U', '--output=json', '-f', 'qcow2', '-O', 'qcow2', path];
  const { exitCode, stdout } = await run(argv, { timeoutMs: MEASURE_TIMEOUT_MS, signal: deadline });
  if (exitCode !== 0) return undefined;
  const { required }: { required: number } = JSON.parse(stdout);
  return required;
}

export async function freeBytesIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function checkSpace(folder: string, neededBytes = OVERLAY_RESERVE_BYTES): Promise<void> {
  const freeBytes = await freeBytesIn(folder);
  if (freeBytes >= neededBytes) return;
  const needed = formatBytes(neededBytes);
  throw new OperationError(
    'OVERLAY_NO_SPACE',
    `${formatBytes(freeBytes)} are free in ${folder}; a launch needs at least ${needed}`,
    { hint: 'terminate test machines that are no longer needed, or free space there, then launch again' },
  );
}

function viewUnreachable(message: string, cause?: unknown): OperationError {
  return new OperationError('VIEW_UNREACHABLE', message, {
    hint: 'check that the replication server runs and has the export open, then launch again',
    retryable: true,
    cause,
  });
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
