import assert from 'node:assert/strict';
import test from 'node:test';
import type { Forecast } from '@landfall/model';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

const ALWAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;

test('a schedule reaches the agent, is shown with what holds now and next, and can be taken off', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const agent = await addAgent();
  const sourceServerID = agent.sourceServerId;
  await api.mgn('UpdateReplicationConfiguration', { sourceServerID, bandwidthThrottling: 80 });
  const windows = [{ days: ALWAYS, from: '00:00', to: '00:00', mbps: 20 }];
  const bandwidthSchedule = { timeZone: 'Europe/Berlin', windows };
  const { limits } = await api.landfall('UpdateReplicationLimits', { sourceServerID, bandwidthSchedule });
  const { revision } = limits;
  assert.deepEqual(limits, { bandwidthMbps: 80, currentMbps: 20, bandwidthSchedule, revision });
  await waitFor(
    'the schedule to reach the agent',
    () => agent.configuration?.bandwidthSchedule,
    (schedule) => schedule?.windows[0]?.mbps === 20,
  );
  await api.landfall('UpdateReplicationLimits', { sourceServerID, impactBudgetPercent: 5 });
  await waitFor(
    'the impact budget to reach the agent, beside the schedule',
    () => agent.configuration,
    (configuration) =>
      configuration?.impactBudgetPercent === 5 && configuration.bandwidthSchedule !== undefined,
  );
  const cleared = { timeZone: 'UTC', windows: [] };
  const without = await api.landfall('UpdateReplicationLimits', {
    sourceServerID,
    bandwidthSchedule: cleared,
  });
  const { revision: last } = without.limits;
  assert.deepEqual(without.limits, {
    ...{ bandwidthMbps: 80, currentMbps: 80, impactBudgetPercent: 5, revision: last },
  });
  const described = await api.landfall('DescribeReplication', { sourceServerID });
  assert.deepEqual(described.limits, without.limits);
  await api.landfall('UpdateReplicationLimits', { sourceServerID, bandwidthMbps: 7 });
  const replication = await api.mgn('GetReplicationConfiguration', { sourceServerID });
  assert.equal(replication.bandwidthThrottling, 7, 'the cap is the one of the MGN API');
});

test('a schedule that cannot be meant is refused, and so is a server nobody knows', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const agent = await addAgent();
  const put = (sourceServerID: string, timeZone: string, from: string) =>
    plane.api.landfall('UpdateReplicationLimits', {
      sourceServerID,
      bandwidthSchedule: { timeZone, windows: [{ days: ['MON'], from, to: '18:00', mbps: 1 }] },
    });
  await assert.rejects(put(agent.sourceServerId, 'Mars/Olympus', '08:00'), {
    name: 'ValidationException',
    message: /no time zone named Mars/,
  });
  await assert.rejects(put(agent.sourceServerId, 'UTC', '25:00'), { name: 'ValidationException' });
  await assert.rejects(put('s-00000000000000000', 'UTC', '08:00'), { name: 'ResourceNotFoundException' });
});

test('the next change of a schedule is within a day when it begins and ends every day', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const windows = [{ days: ALWAYS, from: '00:00', to: '12:00', mbps: 20 }];
  const { limits } = await plane.api.landfall('UpdateReplicationLimits', {
    sourceServerID,
    bandwidthSchedule: { timeZone: 'UTC', windows },
  });
  assert.equal(limits.nextChange?.mbps, limits.currentMbps === 20 ? 0 : 20);
  assert.match(limits.nextChange?.atDateTime ?? '', /T(00|12):00:00(\.000)?Z$/);
});

test('what an agent forecasts is told as it is, and what it does not know is absent', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const agent = await addAgent();
  const sourceServerID = agent.sourceServerId;
  assert.equal((await api.landfall('DescribeForecast', { sourceServerID })).forecast, undefined);
  const forecast: Forecast = {
    ...{ verdict: 'DOES_NOT_CONVERGE', bytesToGo: 5000, etaP50Ms: null, etaP90Ms: null, bottleneck: 'LINK' },
    capacities: [{ stage: 'LINK', bytesPerSecond: 30e6 }],
    ...{ churnBytesPerSecond: 38e6, neededSeconds: null, explanation: 'churn 38 MB/s > link 30 MB/s' },
  };
  agent.forecast = forecast;
  const told = await waitFor(
    'the forecast',
    async () => (await api.landfall('DescribeForecast', { sourceServerID })).forecast,
    (shown) => shown !== undefined,
  );
  const { etaP50Ms: _p50, etaP90Ms: _p90, neededSeconds: _needed, ...known } = forecast;
  assert.deepEqual(told, known);
  assert.deepEqual((await api.landfall('DescribeReplication', { sourceServerID })).forecast, known);
});
