/** Carries out a conversion plan in the appliance, step by step. */
import { appendFile, chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { assert, type Logger, OperationError, runChecked } from '@landfall/runtime';
import { readGuestFile } from '../appliance/guestfs-read.ts';
import type { GuestfsSession } from '../appliance/guestfs-session.ts';
import { writeGuestText } from '../appliance/guestfs-write.ts';
import { writeCpio } from '../guest/cpio-archive.ts';
import { addedEntries, hasModule, type InitramfsContent, modulesFolder } from '../guest/initramfs.ts';
import { compressArchive, readInitramfs } from '../inspect/guestfs-initramfs.ts';
import type { GuestChange, GuestFile } from '../plan/plan-guest-scripts.ts';

export interface ApplyContext {
  readonly session: GuestfsSession;
  /** Still holds the initial RAM filesystems that inspection brought out. */
  readonly workFolder: string;
  readonly logger: Logger;
}

type StepOf<Kind extends GuestChange['kind']> = Extract<GuestChange, { kind: Kind }>;

/** A module, or an index of modules. */
const INITRAMFS_FILE_BYTES_MAX = 64 * 1024 * 1024;
/** depmod's index files that modprobe reads: kmod's the binary ones, busybox's the text. */
const KMOD_INDEX_FILES = /^modules\.((dep|alias|symbols|builtin|builtin\.alias)\.bin|softdep)$/;
const BUSYBOX_INDEX_FILES = /^modules\.(dep|alias|symbols|builtin|softdep)(\.bin)?$/;

export async function applyStep(context: ApplyContext, step: GuestChange): Promise<void> {
  const { session } = context;
  switch (step.kind) {
    case 'WRITE_FILE':
      return await writeGuestFile(context, step);
    case 'MOVE':
      await session.must('rm-rf', step.to);
      await session.must('mv', step.from, step.to);
      return;
    case 'COPY':
      await session.must('mkdir-p', folderOf(step.to));
      await session.must('cp', step.from, step.to);
      return;
    case 'LINK':
      await session.must('mkdir-p', folderOf(step.path));
      await session.must('ln-sf', step.target, step.path);
      return;
    case 'EXTEND_INITRAMFS':
      return await extendInitramfs(context, step);
    case 'WRITE_FILES':
      return await writeGuestFiles(context, step.files);
    case 'RUN_IN_GUEST':
      await session.must('command', step.argv.join(' '));
      return;
  }
}

/** Keeps owner and mode of a file that was there. */
async function writeGuestFile(context: ApplyContext, step: StepOf<'WRITE_FILE'>): Promise<void> {
  const { session, workFolder } = context;
  await session.must('mkdir-p', folderOf(step.path));
  await writeGuestText(session, { ...step, workFolder });
  if (step.mode !== undefined) await session.must('chmod', `0${step.mode.toString(8)}`, step.path);
}

/** As one archive that names files only, so that the folders they are in stay as they are. */
async function writeGuestFiles(context: ApplyContext, files: readonly GuestFile[]): Promise<void> {
  const { session, workFolder } = context;
  const root = join(workFolder, 'outgoing-files');
  for (const { path, text, mode } of files) {
    const local = join(root, path);
    await mkdir(dirname(local), { recursive: true });
    await writeFile(local, text);
    await chmod(local, mode);
  }
  const archive = join(workFolder, 'outgoing.tar');
  const names = files.map(({ path }) => `.${path}`);
  const owner = ['--owner=0', '--group=0', '--numeric-owner'];
  await runChecked(['tar', '-C', root, ...owner, '-cf', archive, '--', ...names]);
  await session.must('tar-in', archive, '/');
  await rm(root, { recursive: true });
  await rm(archive);
}

async function extendInitramfs(context: ApplyContext, step: StepOf<'EXTEND_INITRAMFS'>): Promise<void> {
  const { content, path } = step.initramfs;
  assert(content !== undefined, 'a plan extends only an initramfs that was read');
  const original = join(context.workFolder, `initramfs-${step.kernel.version}`);
  const archive = writeCpio(addedEntries(content, await collectFiles(context, step, content)));
  const packed = await compressArchive(
    archive,
    content.compression,
    join(context.workFolder, 'added-archive'),
  );
  const added = content.compression === 'none' ? alignedTo4((await stat(original)).size, packed) : packed;
  const offset = (await stat(original)).size;
  await appendFile(original, added);
  await verifyExtended(context, step, original);
  const local = join(context.workFolder, 'added');
  await writeFile(local, added);
  await context.session.must('upload-offset', local, path, String(offset));
  await rm(local);
}

/** What goes into the added archive: the modules, the guest's whole module index, changed settings. */
async function collectFiles(
  context: ApplyContext,
  step: StepOf<'EXTEND_INITRAMFS'>,
  content: InitramfsContent,
): Promise<{ name: string; content: Buffer }[]> {
  const { kernel } = step;
  const inside = modulesFolder(content, kernel.version);
  const modulePaths = step.modules.flatMap((name) => kernel.modules.paths.get(name) ?? []);
  const indexFiles = hasKmod(content) ? KMOD_INDEX_FILES : BUSYBOX_INDEX_FILES;
  const indexNames = kernel.indexFiles.map((path) => basename(path)).filter((name) => indexFiles.test(name));
  const files: { name: string; content: Buffer }[] = [];
  for (const relative of [...modulePaths, ...indexNames]) {
    const guestPath = relative.startsWith('/') ? relative : `${kernel.modulesFolder}/${relative}`;
    const name = relative.startsWith('/') ? relative.slice(1) : `${inside}/${relative}`;
    files.push({ name, content: await readWhole(context, guestPath) });
  }
  for (const [name, text] of step.settings) files.push({ name, content: Buffer.from(text, 'utf8') });
  return files;
}

function hasKmod(content: InitramfsContent): boolean {
  return ['bin/kmod', 'sbin/kmod', 'usr/bin/kmod', 'usr/sbin/kmod'].some((name) => content.names.has(name));
}

async function readWhole({ session }: ApplyContext, path: string): Promise<Buffer> {
  const content = await readGuestFile(session, { path, bytesMax: INITRAMFS_FILE_BYTES_MAX });
  if ('refusal' in content) throw unreadable(path, content.refusal);
  return content.bytes;
}

function unreadable(path: string, reason: string): OperationError {
  return new OperationError('APPLIANCE_FAILED', `${path} of the guest cannot be read: ${reason}`, {
    hint: 'the guest may be damaged at this recovery point: launch from another one',
  });
}

/** The extended file is read again, whole, before it is used. */
async function verifyExtended(
  context: ApplyContext,
  step: StepOf<'EXTEND_INITRAMFS'>,
  path: string,
): Promise<void> {
  const content = await readInitramfs(path, context.logger);
  const missing = step.modules.filter((name) => content === undefined || !hasModule(content, name));
  if (missing.length === 0) return;
  throw new OperationError(
    'INITRAMFS_UNREADABLE',
    `${step.initramfs.path} lacks ${missing.join(', ')} after adding them`,
    {
      hint: `rebuild it on the source server with ${step.modules.join(', ')}, then launch from a newer point`,
    },
  );
}

/** A plain archive begins at a multiple of 4 bytes. */
function alignedTo4(offset: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc((4 - (offset % 4)) % 4), bytes]);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}
