/** Events over real TLS, as a client follows them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError, type ServiceEvent } from '@landfall/api';
import { systemClock } from '@landfall/runtime';
import { STREAMS_OF_KEY_MAX } from '../events/event-streams.ts';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import { followEvents } from '../testing/followed-events.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';
import { addTestUser, policyDocument } from '../testing/test-users.ts';
import { waitFor } from '../testing/wait-for.ts';

test('a stream tells what changes, whoever changes it, and goes on after the last event that was seen', async (t) => {
  const { api } = await startTestControlPlane(t);
  await api.mgn('InitializeService', {});
  const first = await followEvents(t, api);
  await first.until('ready');
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'shop' });
  await first.until('ApplicationChanged', applicationID);
  const [event] = first.events;
  assert.equal(event?.eventId, first.lastId());
  assert.equal(event?.summary, 'created');
  const { waveID = '' } = await api.mgn('CreateWave', { name: 'one' });
  await api.mgn('DeleteApplication', { applicationID });
  const second = await followEvents(t, api, { lastEventID: event?.eventId });
  await second.until('WaveChanged', waveID);
  await second.until('ApplicationChanged', applicationID);
  assert.equal(second.names[0], 'ready');
  assert.equal(second.events.find(({ type }) => type === 'ApplicationChanged')?.summary, 'deleted');
});

test('only what is asked for is told', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const one = await addAgent();
  const ofTypes = await followEvents(t, api, { eventTypes: ['WaveChanged'] });
  const ofServer = await followEvents(t, api, { sourceServerIDs: ['s-00000000000000000'] });
  const ofOne = await followEvents(t, api, { sourceServerIDs: [one.sourceServerId] });
  await api.mgn('CreateApplication', { name: 'shop' });
  await api.mgn('CreateWave', { name: 'one' });
  await ofTypes.until('WaveChanged');
  await ofOne.until('ReplicationChanged', one.sourceServerId);
  assert.deepEqual(ofTypes.names, ['ready', 'WaveChanged']);
  assert.deepEqual(ofServer.names, ['ready']);
  assert.ok(ofOne.events.every(({ sourceServerId }) => sourceServerId === one.sourceServerId));
});

test('a launch is told from its job to its machine, and every event of a server names it', async (t) => {
  const { plane, addAgent, untilJobEnds } = await startTestSite(t);
  const { sourceServerId } = await addAgent();
  const followed = await followEvents(t, plane.api);
  await followed.until('ready');
  const { job } = await plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  await untilJobEnds(job?.jobID);
  await followed.until('JobChanged', job?.jobID);
  await followed.until('LaunchedMachineChanged');
  await followed.until('ReplicationChanged');
  const isCompleted = () => followed.events.some(({ summary }) => summary === 'LAUNCH completed');
  await waitFor('the end of the job', isCompleted, Boolean);
  const ofServer = followed.events.filter(({ type }) =>
    ['JobChanged', 'LaunchedMachineChanged', 'SourceServerChanged', 'ReplicationChanged'].includes(type),
  );
  assert.deepEqual([...new Set(ofServer.map((event) => event.sourceServerId))], [sourceServerId]);
  const lag = followed.events.find(({ type }) => type === 'ReplicationChanged');
  assert.match(lag?.summary ?? '', /lag \d/);
});

test('nobody is told of what they may not read', async (t) => {
  const plane = await startTestControlPlane(t);
  const { api } = plane;
  await api.mgn('InitializeService', {});
  const allow = (Action: readonly string[], rest: object = {}) => ({
    ...{ Effect: 'Allow', Action, Resource: '*', ...rest },
  });
  const waves = await addTestUser(plane, {
    userName: 'waves',
    statements: [allow(['landfall:StreamEvents', 'mgn:ListWaves'])],
  });
  const mine = await addTestUser(plane, {
    userName: 'mine',
    statements: [
      allow(['landfall:StreamEvents']),
      allow(['mgn:ListApplications'], {
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'mine' } },
      }),
    ],
  });
  const none = await addTestUser(plane, { userName: 'none', statements: [allow(['mgn:ListWaves'])] });
  await assert.rejects(none.api.landfall('StreamEvents', {}), { name: 'AccessDeniedException' });
  const ofWaves = await followEvents(t, waves.api);
  const ofMine = await followEvents(t, mine.api);
  const ofAll = await followEvents(t, api);
  await Promise.all([ofWaves, ofMine, ofAll].map((followed) => followed.until('ready')));
  await api.mgn('CreateApplication', { name: 'theirs', tags: { team: 'theirs' } });
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'x', tags: { team: 'mine' } });
  const { waveID } = await api.mgn('CreateWave', { name: 'w' });
  await ofWaves.until('WaveChanged', waveID);
  await ofMine.until('ApplicationChanged', applicationID);
  await ofAll.until('WaveChanged', waveID);
  assert.deepEqual(ofWaves.names, ['ready', 'WaveChanged']);
  assert.deepEqual(ofMine.names, ['ready', 'ApplicationChanged']);
  const document = policyDocument([allow(['landfall:StreamEvents', 'mgn:ListApplications'])]);
  await api.landfall('PutPolicy', { policyName: 'waves-own', document });
  await ofAll.until('IdentityChanged', 'arn:aws:iam::000000000000:policy/waves-own');
  await api.mgn('CreateWave', { name: 'v' });
  const later = await api.mgn('CreateApplication', { name: 'y' });
  await ofWaves.until('ApplicationChanged', later.applicationID);
  assert.deepEqual(ofWaves.names, ['ready', 'WaveChanged', 'ApplicationChanged']);
});

test('a stream ends with its credentials and with its right, and says so', async (t) => {
  const plane = await startTestControlPlane(t);
  const statements = [{ Effect: 'Allow', Action: ['landfall:StreamEvents'], Resource: '*' }];
  const gone = await addTestUser(plane, { userName: 'gone', statements });
  const denied = await addTestUser(plane, { userName: 'denied', statements });
  const ofGone = await followEvents(t, gone.api);
  const ofDenied = await followEvents(t, denied.api);
  await Promise.all([ofGone, ofDenied].map((followed) => followed.until('ready')));
  const { userName, accessKeyId: accessKeyID } = gone;
  await plane.api.landfall('DeleteAccessKey', { userName, accessKeyID });
  await plane.api.landfall('DetachPolicy', { userName: 'denied', policyName: 'denied-own' });
  await ofGone.until('end');
  await ofDenied.until('end');
  await waitFor('both are over', () => ofGone.isOver() && ofDenied.isOver(), Boolean);
  assert.deepEqual(ofGone.names, ['ready', 'end']);
  assert.equal(ofGone.endReason(), 'CREDENTIALS_EXPIRED');
  assert.equal(ofDenied.endReason(), 'DENIED');
});

test('a server that stops says so; after its restart whoever goes on is told to look again', async (t) => {
  const plane = await startTestControlPlane(t);
  const followed = await followEvents(t, plane.api);
  await plane.api.mgn('InitializeService', {});
  const { waveID } = await plane.api.mgn('CreateWave', { name: 'w' });
  await followed.until('WaveChanged', waveID);
  await plane.restart();
  await waitFor('it is over', followed.isOver, Boolean);
  assert.equal(followed.endReason(), 'SERVER_STOPS');
  assert.equal(followed.names.at(-1), 'end');
  const again = await followEvents(t, plane.api, { lastEventID: followed.lastId() });
  const next = await plane.api.mgn('CreateWave', { name: 'v' });
  await again.until('WaveChanged', next.waveID);
  assert.deepEqual(again.names, ['resync', 'WaveChanged']);
});

test('a key has so many streams at once, and one that is closed makes room', async (t) => {
  const { api, current } = await startTestControlPlane(t);
  const streams = [];
  for (let count = 0; count < STREAMS_OF_KEY_MAX; count += 1) {
    const { content } = await api.landfall('StreamEvents', {});
    streams.push(content as AsyncIterable<Uint8Array> & { destroy(): void });
  }
  const { service } = current();
  assert.equal(service.streams.count, STREAMS_OF_KEY_MAX);
  await assert.rejects(
    api.landfall('StreamEvents', {}),
    (error) => error instanceof ApiError && error.name === 'ThrottlingException',
  );
  for (const stream of streams) stream.destroy();
  await waitFor(
    'all are gone',
    () => service.streams.count,
    (count) => count === 0,
  );
});

test('an agent that falls silent is told of once, and one that was sent away is not', async (t) => {
  const clock = shiftedClock();
  const { plane, addAgent } = await startTestSite(t, { clock });
  const silent = await addAgent();
  const gone = await addAgent();
  const sourceServerID = gone.sourceServerId;
  const followed = await followEvents(t, plane.api, { eventTypes: ['ReplicationChanged'] });
  await followed.until('ready');
  await plane.api.mgn('DisconnectFromService', { sourceServerID });
  await Promise.all([silent.leave(), gone.leave()]);
  const isSilence = ({ summary }: ServiceEvent) => summary === 'the agent is not heard of';
  const lookLater = () => {
    clock.shiftMs += AGENT_NOT_SEEN_MS;
    return followed.events.some(isSilence);
  };
  await waitFor('it is told', lookLater, Boolean);
  await systemClock.sleep(500);
  assert.deepEqual(
    followed.events.filter(isSilence).map(({ resourceId }) => resourceId),
    [silent.sourceServerId],
  );
});
