/** What the console's stories stand on: Landfall itself, a source server, a browser, and who signs in. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ensureGuestImage } from '../../apps/cli/src/demo/guest-image.ts';
import { waitFor } from '../../apps/cli/src/demo/http-ledger.ts';
import { cacheFolder } from '../../apps/cli/src/setup/cache-folder.ts';
import { ensureConsolePages } from '../../apps/cli/src/setup/console-pages.ts';
import type { Landfall } from '../../packages/api/src/index.ts';
import { runChecked } from '../../packages/runtime/src/index.ts';
import { LoopSource } from '../loop-source.ts';
import { Site } from '../site.ts';
import { ConsoleBrowser } from './console-browser.ts';

const IMPORT_HEADER = 'mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework';
const TOUCH_EVERY_MS = 500;
const RETIREMENT_MS = 10 * 60_000;

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface ConsoleStage {
  readonly site: Site;
  readonly source: LoopSource;
  readonly browser: ConsoleBrowser;
  readonly admin: AccessKey;
  close(): Promise<void>;
}

export async function openStage(): Promise<ConsoleStage> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const consoleDir = await ensureConsolePages(say);
  const site = await Site.create({ consoleDir });
  const source = new LoopSource(site.folder);
  const file = join(site.stateDir, 'control-plane/admin-credentials.json');
  const admin = JSON.parse(await readFile(file, 'utf8')) as AccessKey;
  const browser = await ConsoleBrowser.open({ url: site.services.url });
  const close = async () => {
    await browser.close();
    await source.close();
    await site.close();
  };
  return { site, source, browser, admin, close };
}

/** Copies of the demo server's own disks: at rest, bootable, real. */
export async function attachGuestDisks(source: LoopSource): Promise<void> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const image = await ensureGuestImage({ cacheFolder: cacheFolder(), onStep: say });
  for (const [name, file] of [
    ['root', image.rootDisk],
    ['data', image.dataDisk],
  ] as const) {
    const copy = join(source.folder, `${name}.raw`);
    await runChecked(['cp', '--sparse=always', '--reflink=auto', file, copy]);
    await source.attach(copy);
  }
}

/** Blocks are written with what they hold, for so long: there is history, and the guest is as it was. */
export async function touchDisk({ devices }: LoopSource, durationMs: number): Promise<void> {
  const device = devices.at(-1) ?? '';
  const block = ['bs=4096', 'count=1', 'skip=16', 'seek=16', 'conv=notrunc,fsync', 'status=none'];
  for (let passedMs = 0; passedMs < durationMs; passedMs += TOUCH_EVERY_MS) {
    await runChecked(['dd', `if=${device}`, `of=${device}`, 'oflag=direct', ...block]);
    await setTimeout(TOUCH_EVERY_MS);
  }
}

export async function makeUser(site: Site, userName: string, policyName: string): Promise<AccessKey> {
  await site.landfallJson('user', 'create', userName);
  await site.landfallJson('policy', 'attach', policyName, '--user', userName);
  const made = await site.landfallJson<Landfall.CreateAccessKeyResponse>('access-key', 'create', userName);
  return { accessKeyId: made.accessKey.accessKeyID, secretAccessKey: made.secretAccessKey };
}

/** Servers that are only known by name, as many as it takes. */
export async function importServers(site: Site, count: number): Promise<void> {
  const bucket = join(site.stateDir, 'control-plane/buckets/many');
  const names = Array.from({ length: count }, (_, index) => `imported-${String(index).padStart(4, '0')}`);
  const rows = names.map((name) => `${name},${name}.example`);
  await mkdir(bucket, { recursive: true });
  await writeFile(join(bucket, 'servers.csv'), [IMPORT_HEADER, ...rows, ''].join('\n'));
  await site.landfallJson('import', 'start', 'many', 'servers.csv');
}

/** What goes on behind a finalized cutover: staging is given back. */
export async function waitForRetirement(site: Site, sourceServerID: string): Promise<void> {
  const find = async () => {
    const shown = await site.landfallJson<{ replication: Landfall.DescribeReplicationResponse }>(
      'server',
      'show',
      sourceServerID,
    );
    return shown.replication.stagingDiscarded ? true : undefined;
  };
  await waitFor(find, { what: 'freed staging', timeoutMs: RETIREMENT_MS });
}
