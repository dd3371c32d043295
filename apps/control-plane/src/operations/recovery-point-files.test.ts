import assert from 'node:assert/strict';
import test from 'node:test';
import { OperationError } from '@landfall/runtime';
import { ODD_FILE, SIMULATED_FILES } from '../testing/simulated-files.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

async function wholeOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

test('files of a recovery point are listed in pages, whatever their names are', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const input = { sourceServerID, path: '/etc' };
  const first = await plane.api.landfall('ListRecoveryPointFiles', { ...input, maxResults: 2 });
  assert.deepEqual(
    first.items.map(({ name }) => name),
    ['hosts', 'zeroes'],
  );
  assert.equal(first.items[0]?.mode, 0o640);
  assert.deepEqual(first.filesystems, [{ device: '/dev/vda1', type: 'ext4', uuid: 'a-b-c' }]);
  const { nextToken } = first;
  const second = await plane.api.landfall('ListRecoveryPointFiles', { ...input, nextToken });
  assert.deepEqual(
    second.items.map(({ name, nameBase64 }) => [name, nameBase64]),
    [['\ufffd', '/w==']],
  );
  assert.equal(second.nextToken, undefined);
});

test('a file comes in pieces through the control plane, and the transfer is ended', async (t) => {
  const { plane, host, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const ended: string[] = [];
  host.onCommand = (name) => void ended.push(name);
  const names = ['hosts', 'zeroes', '\u00ff'];
  for (const name of names) {
    const pathBase64 = Buffer.from(`/etc/${name}`, 'latin1').toString('base64');
    const answer = await plane.api.landfall('GetRecoveryPointFile', { sourceServerID, pathBase64 });
    const { kind, mode, gid, contentLength } = answer;
    const content = SIMULATED_FILES.get(name) ?? Buffer.alloc(0);
    assert.deepEqual({ kind, mode, gid }, { kind: 'FILE', mode: 0o640, gid: 4 });
    assert.equal(contentLength, content.length);
    assert.ok((await wholeOf(answer.content)).equals(content), name);
  }
  const ends = () => ended.filter((name) => name === 'endFileTransfer').length;
  await waitFor('the transfers to be ended', ends, (count) => count === names.length);
});

test('a reader that goes away ends the transfer', async (t) => {
  const { plane, host, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  let ended = 0;
  host.onCommand = (name) => {
    if (name === 'endFileTransfer') ended += 1;
  };
  const answer = await plane.api.landfall('GetRecoveryPointFile', { sourceServerID, path: '/etc/zeroes' });
  for await (const part of answer.content) if (part.length > 0) break;
  await waitFor(
    'the transfer to be ended',
    () => ended,
    (count) => count === 1,
  );
});

test('a transfer that was begun and cannot be answered is ended', async (t) => {
  const { plane, host, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const count = { beginFileTransfer: 0, endFileTransfer: 0 };
  host.onCommand = (name) => {
    if (name === 'beginFileTransfer' || name === 'endFileTransfer') count[name] += 1;
  };
  const asked = plane.api.landfall('GetRecoveryPointFile', { sourceServerID, path: `/etc/${ODD_FILE}` });
  await assert.rejects(asked, { name: 'InternalServerException' });
  assert.ok(count.beginFileTransfer > 0);
  await waitFor(
    'the transfers to be ended',
    () => count.endFileTransfer,
    (ended) => ended === count.beginFileTransfer,
  );
});

test('a time of a guest that no date can say is the last that one can', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const { items } = await plane.api.landfall('ListRecoveryPointFiles', { sourceServerID, path: '/etc' });
  const last = '+275760-09-13T00:00:00.000Z';
  assert.equal(items.find(({ name }) => name === 'zeroes')?.modifiedDateTime, last);
  const answer = await plane.api.landfall('GetRecoveryPointFile', { sourceServerID, path: '/etc/zeroes' });
  assert.equal(answer.modifiedDateTime, last);
  assert.equal((await wholeOf(answer.content)).length, SIMULATED_FILES.get('zeroes')?.length);
});

test('a piece that did not come in time is asked for again, and not for ever', async (t) => {
  const { plane, host, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  let away = 4;
  let asked = 0;
  host.onCommand = (name) => {
    if (name !== 'readFileTransfer') return;
    asked += 1;
    if (asked <= away) throw new OperationError('PROGRAM_AWAY', 'not in time');
  };
  const fetchWhole = async () =>
    wholeOf(
      (await plane.api.landfall('GetRecoveryPointFile', { sourceServerID, path: '/etc/hosts' })).content,
    );
  assert.deepEqual(await fetchWhole(), SIMULATED_FILES.get('hosts'));
  assert.equal(asked, 5);
  away = Number.POSITIVE_INFINITY;
  asked = 0;
  await assert.rejects(fetchWhole());
  assert.equal(asked, 5);
});

test('what a launch host refuses is told with its code, and a path is given once', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const api = plane.api;
  for (const name of ['ListRecoveryPointFiles', 'GetRecoveryPointFile'] as const) {
    await assert.rejects(api.landfall(name, { sourceServerID, path: '/none' }), {
      name: 'ConflictException',
      message: /^FILES_PATH_MISSING/,
    });
    await assert.rejects(api.landfall(name, { sourceServerID }), { name: 'ValidationException' });
    await assert.rejects(api.landfall(name, { sourceServerID, path: '/', pathBase64: 'Lw==' }), {
      name: 'ValidationException',
    });
  }
});

test('who looks around without a time stays at the point where that began', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const agent = await addAgent();
  const input = { sourceServerID: agent.sourceServerId, path: '/etc' };
  const list = async (at?: string) =>
    (await plane.api.landfall('ListRecoveryPointFiles', { ...input, at })).recoveryPoint.epoch;
  const began = await list();
  agent.replica.epoch += 5;
  assert.equal(await list(), began);
  assert.equal(await list('LATEST'), began + 5);
  assert.equal(await list(), began + 5, 'the one used last');
  assert.equal(await list(`epoch:${began}`), began);
});
