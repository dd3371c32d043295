/** Disk images through qemu-img: what they are, what they will take, and copying from and to NBD. */
import { resolve } from 'node:path';
import { OperationError, type RunResult, run } from '@landfall/runtime';
import { formatParameters, IMAGE_FORMATS, type ImageFormat } from './image-format.ts';

const LOOK_TIMEOUT_MS = 120_000;
/** Copies are not timed: this is about the longest a timer can be set to, three weeks. */
const COPY_TIMEOUT_MS = 2_147_483_000;
const NO_SPACE = /No space left on device|Disk quota exceeded/;

export interface ImageFacts {
  readonly format: ImageFormat;
  readonly sizeBytes: number;
}

export interface CopyOptions {
  readonly signal: AbortSignal;
  /** 0 … 1 */
  readonly onFraction: (fraction: number) => void;
}

/** Errors: IMAGE_UNSUITABLE, PACKAGES_MISSING. */
export async function inspectImage(path: string): Promise<ImageFacts> {
  const result = await qemuImg(['info', '--output=json', path], { timeoutMs: LOOK_TIMEOUT_MS });
  if (result.exitCode !== 0) throw unsuitable(path, lastWords(result));
  const facts: ImageInfo = JSON.parse(result.stdout);
  const format = IMAGE_FORMATS.find((known) => known === facts.format);
  if (format === undefined) throw unsuitable(path, `it is ${facts.format}, not ${IMAGE_FORMATS.join(', ')}`);
  checkWhole(path, facts);
  return { format, sizeBytes: facts['virtual-size'] };
}

/** Of what `qemu-img info` says. Source: BlockNodeInfo in qapi/block-core.json of QEMU. */
interface ImageInfo {
  readonly format: string;
  readonly 'virtual-size': number;
  readonly 'backing-filename'?: string;
  readonly 'format-specific'?: {
    readonly data?: {
      readonly 'data-file'?: string;
      readonly extents?: readonly { readonly filename: string }[];
    };
  };
}

/** What else it names may be any file of this machine, and an image may come from elsewhere. */
function checkWhole(path: string, facts: ImageInfo): void {
  const backing = facts['backing-filename'];
  if (backing !== undefined) throw unsuitable(path, `it is only the difference to ${backing}`);
  const { 'data-file': dataFile, extents = [] } = facts['format-specific']?.data ?? {};
  // A VMDK that is a single file names itself.
  const others = extents.map(({ filename }) => filename).filter((name) => resolve(name) !== resolve(path));
  const elsewhere = dataFile ?? others[0];
  if (elsewhere !== undefined) throw unsuitable(path, `its content is in another file, ${elsewhere}`);
}

/**
 * Bytes that an image of the disk will take at most when it is not compressed: what is written, and what
 * describes it. Of qcow2, whose needs are the only ones qemu-img can tell without the holes; those of the
 * other formats are no larger by more than a per cent. Errors: EXPORT_FAILED.
 */
export async function measureImage(nbdUri: string): Promise<number> {
  const what = ['measure', '--output=json', '-f', 'raw', '-O', 'qcow2', nbdUri];
  const result = await qemuImg(what, { timeoutMs: COPY_TIMEOUT_MS });
  if (result.exitCode !== 0) throw exportFailed(lastWords(result));
  return (JSON.parse(result.stdout) as { required: number }).required;
}

/** Errors: EXPORT_FAILED, EXPORT_NO_SPACE, IMAGE_COPY_STOPPED, OPTION_INVALID. */
export async function copyToImage(
  nbdUri: string,
  image: { readonly path: string; readonly format: ImageFormat; readonly compress: boolean },
  options: CopyOptions,
): Promise<void> {
  const parameters = formatParameters(image.format, image.compress);
  const result = await copy(['-f', 'raw', ...parameters, nbdUri, image.path], options);
  if (result.exitCode === 0) return;
  const why = lastWords(result);
  if (!NO_SPACE.test(why)) throw exportFailed(why);
  throw new OperationError('EXPORT_NO_SPACE', `the image does not fit where it is written: ${why}`, {
    hint: 'free space there, or export to another folder',
  });
}

/**
 * The disk is at least as large; what is behind the image stays as it is. Errors: IMAGE_COPY_STOPPED,
 * IMPORT_FAILED.
 */
export async function copyFromImage(
  image: { readonly path: string; readonly format: ImageFormat },
  nbdUri: string,
  options: CopyOptions,
): Promise<void> {
  const result = await copy(['-n', '-f', image.format, '-O', 'raw', image.path, nbdUri], options);
  if (result.exitCode === 0) return;
  throw new OperationError('IMPORT_FAILED', `qemu-img cannot import ${image.path}: ${lastWords(result)}`, {
    hint: 'mend that and import again: until then the first copy sends what is missing over the network',
  });
}

async function copy(parameters: readonly string[], options: CopyOptions): Promise<RunResult> {
  const { signal, onFraction } = options;
  const onOutput = (text: string) => {
    const percent = lastPercent(text);
    if (percent !== undefined) onFraction(percent / 100);
  };
  if (signal.aborted) throw stopped();
  const how = { signal, onOutput, timeoutMs: COPY_TIMEOUT_MS };
  const result = await qemuImg(['convert', '-p', ...parameters], how);
  if (signal.aborted) throw stopped();
  return result;
}

/** What `-p` said last: `    (42.03/100%)`. */
export function lastPercent(text: string): number | undefined {
  const last = [...text.matchAll(/\((\d+(?:\.\d+)?)\/100%\)/g)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}

async function qemuImg(parameters: readonly string[], how: Parameters<typeof run>[1]): Promise<RunResult> {
  try {
    return await run(['qemu-img', ...parameters], how);
  } catch (cause) {
    if (!(cause instanceof OperationError) || cause.code !== 'TOOL_MISSING') throw cause;
    throw new OperationError('PACKAGES_MISSING', 'qemu-img is not installed on this machine', {
      hint: 'as root on Debian 12: apt-get update && apt-get install --no-install-recommends qemu-utils',
      cause,
    });
  }
}

function lastWords({ stderr, stdout, exitCode, killedBy }: RunResult): string {
  const words = (stderr.trim() || stdout.trim()).slice(-1000).replace(/^qemu-img: /, '');
  return words || `it ended with ${exitCode ?? killedBy}`;
}

function unsuitable(path: string, why: string): OperationError {
  return new OperationError('IMAGE_UNSUITABLE', `${path} cannot be imported: ${why}`, {
    hint: `give a whole image of the disk in one file: ${IMAGE_FORMATS.join(', ')}; \`qemu-img convert\` makes one`,
  });
}

function exportFailed(why: string): OperationError {
  return new OperationError('EXPORT_FAILED', `qemu-img cannot export the disk: ${why}`, {
    hint: 'check that the replication server runs and that the folder can be written, then export again',
  });
}

function stopped(): OperationError {
  return new OperationError('IMAGE_COPY_STOPPED', 'stopped before it was complete', {
    hint: 'run the same command again: it begins anew',
  });
}
