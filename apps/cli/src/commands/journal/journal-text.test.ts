import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GIB } from '@landfall/runtime';
import { formatTable } from '../../terminal/table.ts';
import { JOURNAL_COLUMNS, type ShownSpace, showParts } from './journal-text.ts';

const SPACE: ShownSpace = {
  ...{ totalBytes: 8 * GIB, baseBytes: 4 * GIB, tableBytes: GIB / 1024, newestBytes: GIB },
  tiers: [
    { everyMs: 0, forMs: 3_600_000, points: 36_000, bytes: 2 * GIB, costBytes: GIB },
    { everyMs: 1000, forMs: 86_400_000, points: 12, bytes: GIB / 2, costBytes: 0 },
  ],
  marked: { points: 1, bytes: GIB / 4, costBytes: GIB / 4 },
  passing: { points: 0, bytes: 0 },
  ...{ reclaimableBytes: GIB / 4, heldBytes: 0, openBytes: 0, otherBytes: 0, historyMs: 1, diskBytes: GIB },
};

test('the parts of a journal are told in one table, and nothing that is not there', () => {
  const lines: string[] = [];
  const output = { json: false, interactive: false, out: (text: string) => lines.push(text), err: () => 0 };
  showParts(output, SPACE);
  assert.equal(
    lines.join(''),
    `WHAT                           POINTS  BYTES      FREED WITHOUT IT
base and its checksums         –       4.00 GiB   –
newest state, beside the base  –       1.00 GiB   –
every point, for 1 h           36000   2.00 GiB   1.00 GiB
one each 1 s, for 1 d          12      512.0 MiB  0 B
only named or locked points    1       256.0 MiB  256.0 MiB
reclaimable: no point sees it  –       256.0 MiB  –
total                          –       8.00 GiB   –
`,
  );
});

test('of all journals there is a line each; what is not known is a dash', () => {
  const none = { verdict: 'NOT_KNOWN', measuredMs: 0, roomBytes: GIB, explanation: 'not known yet' } as const;
  const volume = { totalBytes: GIB, freeBytes: GIB, forecast: none };
  const row = { name: 'web-1', journal: { sourceServerID: 's-1', forecast: none, volume } };
  const measured = { ...row.journal, space: { ...SPACE, measuredDateTime: '' }, limitBytes: 9 * GIB };
  const growing = {
    ...measured,
    forecast: { ...none, growthBytesPerDay: -GIB, explanation: 'did not grow' },
  };
  const table = formatTable([row, { name: 'db-1', journal: growing }], JOURNAL_COLUMNS);
  const [titles, first, second] = table.split('\n');
  assert.match(
    titles ?? '',
    /^SERVER +TOTAL +BASE +NEWEST +TIERS +PINS +RECLAIMABLE +GROWTH\/DAY +LIMIT +FORECAST$/,
  );
  assert.match(first ?? '', /^web-1( +–){8} +not known yet$/);
  assert.match(second ?? '', /^db-1 +8\.00 GiB .* 2\.50 GiB .* -1\.00 GiB +9\.00 GiB +did not grow$/);
});
