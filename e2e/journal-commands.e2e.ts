/** `landfall journal …` as an operator types it, against the running programs, of a replicated server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { waitFor } from '../apps/cli/src/demo/http-ledger.ts';
import type { Landfall } from '../packages/api/src/index.ts';
import { MIB } from '../packages/runtime/src/index.ts';
import { assertInstalled, LoopSource } from './loop-source.ts';
import { Site } from './site.ts';

const READY_MS = 2 * 60_000;
/** Between the header of an encrypted segment and the end of its first record. */
const IN_FIRST_RECORD = 4096 + 64 + 56 + 1000;

let site: Site;
let source: LoopSource;
let serverId = '';

before(async () => {
  site = await Site.create();
  source = new LoopSource(site.folder);
  await source.attachEmpty('disk.raw', 64);
  const { token } = await site.landfallJson<Landfall.CreateEnrolmentTokenResponse>('token', 'create');
  assertInstalled(await source.install(token));
  await source.startAgent();
  const [server] = await site.landfallJson<{ sourceServerID: string }[]>('server', 'list');
  serverId = server?.sourceServerID ?? '';
  const ready = async () => ((await recoveryPoints()) > 0 ? true : undefined);
  await waitFor(ready, { what: 'the first recovery point', timeoutMs: READY_MS });
});

after(async () => {
  try {
    await source?.close();
  } finally {
    await site?.close();
  }
});

/** None while the replication server has not heard of the server yet. */
async function recoveryPoints(): Promise<number> {
  const listed = await site.landfall('recovery-points', serverId, '--json');
  return listed.exitCode === 0 ? (JSON.parse(listed.stdout) as { total: number }).total : 0;
}

const describe = () => site.landfallJson<Landfall.DescribeJournalResponse>('journal', 'stat', serverId);

/** In the middle of the disk, past every cache. */
async function changeSource(): Promise<void> {
  const disk = await open(source.devices[0] ?? '', 'r+');
  await disk.write(randomBytes(MIB), 0, MIB, 32 * MIB);
  await disk.sync();
  await disk.close();
}

test('stat adds up, shows what is known of the future, and a limit that is set and taken away', async () => {
  await changeSource();
  const changed = async () => (((await describe()).space?.newestBytes ?? 0) > MIB ? true : undefined);
  await waitFor(changed, { what: 'the change in the journal', timeoutMs: READY_MS });
  const { space, forecast } = await describe();
  assert.ok(space !== undefined);
  const { baseBytes, newestBytes, reclaimableBytes, heldBytes, openBytes, otherBytes } = space;
  const shares = [...space.tiers, space.marked, space.passing].map(({ bytes }) => bytes);
  const parts = [baseBytes, newestBytes, reclaimableBytes, heldBytes, openBytes, otherBytes, ...shares];
  assert.equal(
    parts.reduce((sum, part) => sum + part, 0),
    space.totalBytes,
  );
  assert.equal(forecast.verdict, 'NOT_KNOWN', 'after some seconds nothing is');
  const shown = await site.landfall('journal', 'stat', serverId);
  assert.match(shown.stdout, /^every point, for 1 h +[0-9]+ .*^total .*not known yet: measured for/ms);
  assert.match(
    (await site.landfall('journal', 'stat')).stdout,
    /^SERVER +TOTAL .*GROWTH\/DAY .*not known yet/s,
  );
  await site.landfallJson('journal', 'limit', serverId, '200MiB');
  const limited = async () => ((await describe()).limitBytes === 200 * MIB ? true : undefined);
  await waitFor(limited, { what: 'the limit', timeoutMs: READY_MS });
  assert.deepEqual(await site.landfallJson('journal', 'limit', serverId, 'none'), {
    sourceServerID: serverId,
  });
  const wrong = await site.landfall('journal', 'limit', serverId, 'a lot');
  assert.match(wrong.stderr, /OPTION_INVALID.*500MiB/s);
});

test('compact says what it freed, marks are set here too, and what runs in a folder is refused', async () => {
  const compacted = await site.landfall('journal', 'compact', serverId);
  assert.equal(compacted.exitCode, 0, compacted.stderr);
  assert.match(compacted.stdout, /^freed .*^takes now .*^points dropped/ms);
  await site.landfallJson('journal', 'pin', serverId, 'LATEST', 'before the damage');
  assert.equal(
    (await site.landfallJson<{ total: number; items: unknown[] }>('recovery-points', serverId, '--marked'))
      .items.length,
    1,
  );
  const folder = join(site.stateDir, 'staging', serverId);
  const inUse = await site.landfall('journal', 'stat', '--folder', folder);
  assert.match(inUse.stderr, /JOURNAL_IN_USE.*end that process first/s);
  const both = await site.landfall('journal', 'verify', serverId, '--folder', folder);
  assert.match(both.stderr, /OPTION_INVALID.*name a server, or a folder/);
});

test('scrub and verify come to their end; damage is named, with exit code 3', async () => {
  const scrubbed = await site.landfall('journal', 'scrub', serverId, '--wait');
  assert.equal(scrubbed.exitCode, 0, scrubbed.stderr);
  const sound = await site.landfallJson<Landfall.JournalTask>('journal', 'verify', serverId);
  assert.deepEqual([sound.state, sound.damageCount, sound.bytesDone], ['COMPLETE', 0, sound.bytesTotal]);
  const segments = join(site.stateDir, 'staging', serverId, 'disk-0', 'segments');
  const [name = ''] = await readdir(segments);
  const file = await open(join(segments, name), 'r+');
  await file.write(Buffer.from('another'), 0, 7, IN_FIRST_RECORD);
  await file.close();
  const damaged = await site.landfall('journal', 'verify', serverId);
  assert.equal(damaged.exitCode, 3, `${damaged.stdout}${damaged.stderr}`);
  assert.match(damaged.stdout, new RegExp(`damaged +disk-0 offset [0-9]+.*disk-0/segments/${name}`));
});
