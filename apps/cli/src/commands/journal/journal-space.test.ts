import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApiClient, ApiError, type Landfall, type Mgn } from '@landfall/api';
import { statAll } from './journal-space.ts';

const FORECAST = { verdict: 'NOT_KNOWN', explanation: 'not known yet', measuredMs: 0, roomBytes: 1 } as const;
const JOURNAL: Landfall.DescribeJournalResponse = {
  sourceServerID: 's-1',
  forecast: FORECAST,
  volume: { totalBytes: 10, freeBytes: 5, forecast: FORECAST },
};

function server(hostname: string): Mgn.SourceServer {
  return {
    sourceServerID: `s-${hostname}`,
    sourceProperties: { identificationHints: { hostname } },
    dataReplicationInfo: { dataReplicationState: 'CONTINUOUS' },
  };
}

/** What is shown of these servers, of which some cannot be described. */
async function shown(names: readonly string[], { broken, json }: { broken: string[]; json: boolean }) {
  const client = {
    mgnPages: async function* () {
      yield { items: names.map(server) };
    },
    landfall: async (_name: string, { sourceServerID = '' }) => {
      if (!broken.includes(sourceServerID.slice(2))) return JOURNAL;
      throw ApiError.of('ConflictException', 'its replication server does not answer');
    },
  };
  let [out, err] = ['', ''];
  const output = {
    ...{ json, interactive: false },
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  await statAll({ client: client as unknown as ApiClient, output });
  const { exitCode = 0 } = process;
  process.exitCode = 0;
  return { out, err, exitCode };
}

test('a server that cannot be described hides none of the others, and the exit code is 1', async () => {
  const names = ['web-1', 'web-2', 'web-3'];
  const { out, err, exitCode } = await shown(names, { broken: ['web-2'], json: false });
  assert.match(out, /^SERVER .*\nweb-1 .*\nweb-3 .*\n$/);
  assert.equal(err, 'web-2: its replication server does not answer\n');
  assert.equal(exitCode, 1);
  const asJson = await shown(names, { broken: ['web-2'], json: true });
  assert.equal(JSON.parse(asJson.out).length, 2);
  assert.deepEqual([asJson.err, asJson.exitCode], [err, 1]);
});

test('when all can be described there is nothing else; when none can, nobody says that there is none', async () => {
  const whole = await shown(['web-1'], { broken: [], json: false });
  assert.deepEqual([whole.err, whole.exitCode], ['', 0]);
  const none = await shown(['web-1'], { broken: ['web-1'], json: false });
  assert.deepEqual([none.out, none.exitCode], ['', 1]);
  assert.doesNotMatch(none.err, /No journals/);
  assert.match((await shown([], { broken: [], json: false })).err, /No journals/);
});
