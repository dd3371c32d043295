/**
 * Builds the guests: one archive of each release by mmdebstrap, then each guest's own files in a folder, then
 * its disks in a libguestfs appliance. Both are cached under a key of everything that goes into them.
 *
 * It has to run in mount and process namespaces of its own: mmdebstrap's mounts, appliances and everything
 * else end with them.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildOnce } from '../../apps/cli/src/setup/cached-build.ts';
import { guestfsEnvironment } from '../../packages/conversion/src/index.ts';
import {
  describeError,
  ensureFolder,
  OperationError,
  readIfExists,
  retry,
  run,
  runChecked,
  systemClock,
  writeDurably,
} from '../../packages/runtime/src/index.ts';
import {
  assembleScript,
  customizeScript,
  debootstrapArguments,
  diskFilesOf,
  filesOf,
} from './guest-recipe.ts';
import type { DebianRelease, GuestRow } from './guest-row.ts';

export interface BuiltGuest {
  /** Raw disks, never to be written to: the one it starts from, then the others. */
  readonly disks: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** What building took, whenever that was; without the release's archive, which is shared. */
  readonly buildMs: number;
}

export interface GuestBuilder {
  /** `guests` in the cache folder. */
  readonly folder: string;
  readonly useKvm: boolean;
  readonly say: (line: string) => void;
}

const ASSEMBLE_ATTEMPTS_MAX = 10;
/** A minute each on a quiet machine. */
const TIMEOUT_MS = 90 * 60_000;
const BUILD_TIME = 'build-ms';
const MIRROR = 'http://deb.debian.org/debian';
const APT_HELPER = '/usr/lib/apt/apt-helper';

/** Errors: GUEST_UNAVAILABLE when the release cannot be had here, TOOL_FAILED. */
export async function ensureGuest(builder: GuestBuilder, row: GuestRow): Promise<BuiltGuest> {
  const folder = join(builder.folder, `${row.name}-${keyOf(row)}`);
  await buildOnce(folder, (building) => buildGuest(builder, row, building));
  const disks = diskFilesOf(row).map(({ name, sizeBytes }) => ({ path: join(folder, name), sizeBytes }));
  return { disks, buildMs: Number(await readIfExists(join(folder, BUILD_TIME))) };
}

/** Changes whenever anything that goes into the guest changes. */
function keyOf(row: GuestRow): string {
  const files = filesOf(row).map(({ path, text, mode = 0o644 }) => `${path} ${mode}\n${text}`);
  return digest([releaseKey(row), ...files, customizeScript(row), assembleScript(row)]);
}

function releaseKey(row: GuestRow): string {
  return digest(debootstrapArguments(row, ''));
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}

async function buildGuest(builder: GuestBuilder, row: GuestRow, folder: string): Promise<void> {
  const archive = await ensureArchive(builder, row);
  builder.say(`${row.name}: building the guest`);
  const startedNs = systemClock.monotonicNs();
  await fillRoot(row, folder, archive);
  const env = guestfsEnvironment(builder.useKvm);
  const assemble = async () => {
    for (const { name } of diskFilesOf(row)) await rm(join(folder, name), { force: true });
    await runChecked(['guestfish'], {
      ...{ cwd: folder, input: assembleScript(row), env },
      timeoutMs: TIMEOUT_MS,
    });
  };
  const onRetry = (error: unknown) => builder.say(`${row.name}: tried again: ${describeError(error)}`);
  await retry(assemble, { attemptsMax: ASSEMBLE_ATTEMPTS_MAX, onRetry });
  await rm(join(folder, 'guest.tar'));
  const buildMs = Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
  await writeDurably(join(folder, BUILD_TIME), String(buildMs));
}

/** Leaves `guest.tar`: what the guest's file systems will hold. */
async function fillRoot(row: GuestRow, folder: string, archive: string): Promise<void> {
  const root = join(folder, 'root');
  await mkdir(root);
  const extract = ['tar', 'xf', archive, '-C', root, '--numeric-owner'];
  await runChecked(extract, { timeoutMs: TIMEOUT_MS });
  for (const { path, text, mode = 0o644 } of filesOf(row)) {
    await mkdir(dirname(join(root, path)), { recursive: true, mode: 0o755 });
    await writeFile(join(root, path), text);
    await chmod(join(root, path), mode);
  }
  const script = join(folder, 'customize.sh');
  await writeFile(script, customizeScript(row));
  await runChecked(['sh', script, root], { timeoutMs: TIMEOUT_MS });
  const pack = ['tar', 'cf', join(folder, 'guest.tar'), '-C', root, '--numeric-owner', '.'];
  await runChecked(pack, { timeoutMs: TIMEOUT_MS });
  await rm(root, { recursive: true });
}

async function ensureArchive(builder: GuestBuilder, row: GuestRow): Promise<string> {
  const { release } = row;
  const folder = join(builder.folder, `debian-${release}-${releaseKey(row)}`);
  await buildOnce(folder, async (building) => {
    await checkReachable(release, building);
    builder.say(`Debian ${release}: installing it into an archive (mmdebstrap, a minute or two)`);
    const temporary = join(building, 'tmp');
    await ensureFolder(temporary);
    // apt's own user looks into it.
    await chmod(building, 0o755);
    await chmod(temporary, 0o1777);
    const argv = debootstrapArguments(row, join(building, 'root.tar'));
    await runChecked(argv, { env: { TMPDIR: temporary }, timeoutMs: TIMEOUT_MS });
    await rm(temporary, { recursive: true });
  });
  return join(folder, 'root.tar');
}

/** apt's own way to the mirror, proxies included. */
async function checkReachable(release: DebianRelease, folder: string): Promise<void> {
  const url = `${MIRROR}/dists/${release}/InRelease`;
  const answer = join(folder, 'InRelease');
  const asked = await run([APT_HELPER, 'download-file', url, answer]);
  await rm(answer, { force: true });
  if (asked.exitCode === 0) return;
  const said = `${asked.stdout}\n${asked.stderr}`.split('\n').filter((line) => /^(E|Err|W):/.test(line));
  throw new OperationError('GUEST_UNAVAILABLE', `${url} cannot be had: ${said.join(' ').trim()}`, {
    hint: 'the rows of this release need a Debian mirror that has it',
  });
}
