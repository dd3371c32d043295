import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { JournalFacts } from '@landfall/channel';
import type { JournalGroup } from '@landfall/journal';
import { createLogger, GIB, MIB, systemClock } from '@landfall/runtime';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { journalFolder, openSmallJournal, writeEpochs } from '../testing/file-small-journal.ts';
import { type SpacedServer, SpaceKeeper } from './space-keeper.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Site {
  readonly keeper: SpaceKeeper;
  readonly clock: VirtualClock;
  readonly group: JournalGroup;
  readonly server: SpacedServer;
  readonly lines: string[];
  readonly others: SpacedServer[];
  /** Of the journal, as if it had grown. */
  usedBytes: number;
  /** How often the journal was measured. */
  measurements: number;
  freeBytes: number;
  pass(durationMs: number): Promise<void>;
}

/** Its history is longer than its tier. */
const TIERS = [{ everyMs: 0, forMs: 10_000 }];

async function newSite(t: TestContext, epochs = 20, retention = {}): Promise<Site> {
  const group = await openSmallJournal(await journalFolder(t), retention);
  await writeEpochs(group, epochs);
  const clock = new VirtualClock();
  const lines: string[] = [];
  const others: SpacedServer[] = [];
  const server: SpacedServer = {
    sourceServerId: 's-1',
    group: {
      space: (options) => {
        site.measurements += 1;
        return group.space(options);
      },
      bytesOnDisk: async () => site.usedBytes,
      staging: group.staging,
      isOpen: () => true,
      get lastEpoch() {
        return group.lastEpoch;
      },
    },
  };
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const readVolume = async () => ({ totalBytes: 100 * GIB, freeBytes: site.freeBytes });
  const keeper = new SpaceKeeper({ servers: () => [...others, server], readVolume, logger, clock });
  const pass = (durationMs: number) => clock.settle(clock.sleep(durationMs), 2 * durationMs);
  const site: Site = {
    keeper,
    clock,
    group,
    server,
    lines,
    others,
    usedBytes: GIB,
    measurements: 0,
    freeBytes: 50 * GIB,
    pass,
  };
  return site;
}

/** Both grow by so much in every minute. */
async function grow(site: Site, minutes: number, bytesPerMinute: number): Promise<void> {
  for (let left = minutes; left > 0; left -= 1) {
    await site.keeper.sample();
    await site.pass(MINUTE_MS);
    site.usedBytes += bytesPerMinute;
    site.freeBytes -= bytesPerMinute;
  }
}

/** When the measurement is complete: files take real time, while the clock is virtual. */
async function describe({ keeper, clock, server }: Site): Promise<JournalFacts> {
  for (;;) {
    const facts = await clock.settle(keeper.describe(server), HOUR_MS);
    if (facts.measuring === undefined) return facts;
    await systemClock.sleep(20);
  }
}

test('a new measurement knows no growth, and says how long it has to last', async (t) => {
  const site = await newSite(t);
  await site.keeper.sample();
  const { space, forecast, limitBytes, measuring, warning } = await describe(site);
  assert.deepEqual([limitBytes, measuring, warning], [undefined, undefined, undefined]);
  assert.ok((space?.totalBytes ?? 0) > 2 * MIB);
  assert.equal(forecast.verdict, 'NOT_KNOWN');
  assert.match(forecast.explanation, /not known yet: measured for 0 minutes, 10 minutes more are needed/);
});

test('at this churn the limit is reached, or without one the volume is full', async (t) => {
  const site = await newSite(t);
  site.group.staging.limitTo(10 * GIB);
  await grow(site, 60, 10 * MIB);
  await site.keeper.sample();
  const limited = await describe(site);
  assert.equal(limited.forecast.verdict, 'FILLS');
  const roomBytes = 10 * GIB - site.usedBytes;
  const expectedMs = (roomBytes / (10 * MIB)) * MINUTE_MS;
  assert.ok(Math.abs((limited.forecast.likelyMs ?? 0) - expectedMs) < MINUTE_MS);
  assert.match(
    limited.forecast.explanation,
    /^at its limit in 14 hours .* at the churn of the last 60 minutes$/,
  );
  assert.match(limited.volume.forecast.explanation, /^not before 20 hours/, 'F2: the volume has more room');
  site.group.staging.limitTo(Number.POSITIVE_INFINITY);
  site.freeBytes = 5 * GIB;
  const free = await describe(site);
  assert.equal(free.forecast.verdict, 'FILLS');
  assert.match(free.forecast.explanation, /^the staging volume is full in /);
  assert.ok(Math.abs((free.forecast.growthBytesPerDay ?? 0) - 24 * 60 * 10 * MIB) < GIB);
});

test('near its limit, and on a volume that is nearly full, there is a warning once, until it is over', async (t) => {
  const site = await newSite(t);
  const warned = () => site.lines.filter((line) => line.includes('"space-runs-out"')).length;
  site.group.staging.limitTo(10 * GIB);
  site.usedBytes = 8.9 * GIB;
  await site.keeper.sample();
  assert.equal(site.keeper.warningOf('s-1'), undefined);
  site.usedBytes = 9 * GIB;
  for (let samples = 0; samples < 3; samples += 1) await site.keeper.sample();
  assert.match(
    site.keeper.warningOf('s-1') ?? '',
    /takes 9\.00 GiB of the 10\.0 GiB it may: raise the limit/,
  );
  assert.equal((await describe(site)).warning, site.keeper.warningOf('s-1'));
  assert.equal(warned(), 1);
  assert.equal(site.keeper.isUrgent('s-1'), false);
  site.usedBytes = 9.5 * GIB;
  await site.keeper.sample();
  assert.equal(site.keeper.isUrgent('s-1'), true, 'maintenance has to hurry');
  site.group.staging.limitTo(20 * GIB);
  await site.keeper.sample();
  assert.equal(site.keeper.warningOf('s-1'), undefined);
  site.freeBytes = 9 * GIB;
  await site.keeper.sample();
  assert.equal(site.keeper.isUrgent('s-1'), false);
  assert.match(site.keeper.warningOf('s-1') ?? '', /has 9\.00 GiB of 100\.0 GiB left: add storage/);
  assert.equal(warned(), 2);
});

test('a first copy is no churn: neither it nor its volume is measured', async (t) => {
  const site = await newSite(t, 0);
  await grow(site, 30, GIB / 2);
  const { forecast, volume } = await describe(site);
  assert.deepEqual([forecast.measuredMs, volume.forecast.measuredMs], [0, 0]);
  assert.equal(forecast.verdict, 'NOT_KNOWN');
  await writeEpochs(site.group, 1);
  await grow(site, 30, MIB);
  const after = await describe(site);
  assert.ok(after.forecast.measuredMs >= 29 * MINUTE_MS);
  assert.ok((after.forecast.growthBytesPerDay ?? GIB * 10) < 2 * GIB, 'the first copy is not in it');
});

test('a measurement is made again when it is old, not for everybody who asks', async (t) => {
  const site = await newSite(t);
  const measuredAt = async () => (await describe(site)).space?.measuredAtMs ?? 0;
  const first = await measuredAt();
  await site.pass(11_000);
  const second = await measuredAt();
  assert.ok(second >= first + 11_000);
  await site.pass(11_000);
  const before = site.measurements;
  const { keeper, server, clock } = site;
  await clock.settle(Promise.all([keeper.describe(server), keeper.describe(server)]), HOUR_MS);
  assert.equal(site.measurements, before + 1, 'who asks at the same time gets the same one');
  await describe(site);
});

test('what is needed in the end is told from measurements of the last ten minutes only', async (t) => {
  const site = await newSite(t, 20, { retention: { tiers: TIERS } });
  site.usedBytes = 100 * MIB;
  const other = { ...site.server, sourceServerId: 's-2' };
  site.others.push(other);
  assert.equal((await describe(site)).volume.forecast.boundBytes, null, 's-2 was not measured yet');
  await describe({ ...site, server: other });
  assert.equal((await describe(site)).volume.forecast.verdict, 'STAYS_BELOW');
  await site.pass(11 * MINUTE_MS);
  const { forecast, volume } = await describe(site);
  assert.equal(volume.forecast.boundBytes, null, 's-2 was measured long ago');
  assert.ok(forecast.boundBytes !== null, 's-1 just now');
});

test('what takes more than it should ever need is not told to stay below that', async (t) => {
  const site = await newSite(t, 20, { retention: { tiers: TIERS } });
  site.group.staging.limitTo(10 * GIB);
  site.usedBytes = 100 * MIB;
  assert.equal((await describe(site)).forecast.verdict, 'STAYS_BELOW');
  site.usedBytes = 2 * GIB;
  const { verdict, boundBytes } = (await describe(site)).forecast;
  assert.deepEqual([verdict, boundBytes], ['NOT_KNOWN', null]);
});

test('a journal that cannot be read is no reason to know nothing of another, and is told once', async (t) => {
  const site = await newSite(t);
  let samples = 0;
  const bytesOnDisk = () => {
    samples += 1;
    return Promise.reject(new Error('the storage fails'));
  };
  site.others.push({ sourceServerId: 's-2', group: { ...site.server.group, bytesOnDisk } });
  site.usedBytes = 9.9 * GIB;
  site.group.staging.limitTo(10 * GIB);
  for (const _ of [1, 2, 3]) await site.keeper.sample();
  assert.match(site.keeper.warningOf('s-1') ?? '', /takes 9\.90 GiB/);
  const said = site.lines.filter((line) => line.includes('space-not-sampled'));
  assert.deepEqual(
    said.map((line) => JSON.parse(line).sourceServerId),
    ['s-2'],
  );
  const before = samples;
  assert.ok((await describe(site)).space !== undefined);
  assert.equal(samples, before, 'who asks for one waits for no other');
});
