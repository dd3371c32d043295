/**
 * Forecasts with real processes: `landfall-agent forecast` beside a replicating agent, and the agent's own,
 * under a cap and without. Run as root: `node --test forecast.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { AgentConfiguration } from '@landfall/channel';
import type { Forecast } from '@landfall/model';
import { MIB, runChecked } from '@landfall/runtime';
import { TestRig, until } from '../testing/test-rig.ts';

let rig: TestRig;

beforeEach(async () => {
  rig = await TestRig.create();
});

afterEach(async () => {
  await rig.close();
});

async function install(dataMib: number): Promise<void> {
  const { mountPoint } = await rig.addDisk(dataMib * 2);
  for (let index = 0; index < dataMib / 8; index += 1) {
    await writeFile(join(mountPoint, `file-${index}`), randomBytes(8 * MIB));
  }
  await runChecked(['sync', '--file-system', mountPoint]);
  await rig.startServer();
  await rig.installAgent();
}

function configure(change: Partial<AgentConfiguration>): void {
  const before = rig.plane.configurations.get(rig.agentId) as AgentConfiguration;
  rig.plane.configurations.set(rig.agentId, { ...before, ...change });
}

test('a forecast beside a replicating agent measures the link and disturbs nothing', async () => {
  await install(32);
  rig.pair();
  await rig.startAgent();
  await until('replication is continuous', () => rig.agentReport()?.replication.state === 'CONTINUOUS');
  const before = await rig.takeRecoveryPoint();
  const result = (await rig.forecast(0.3)) as {
    forecast: Forecast;
    link: { kind: string; bytesPerSecond: number[] };
  };
  assert.equal(result.link.kind, 'MEASURED', JSON.stringify(result.link));
  assert.ok(result.link.bytesPerSecond.length > 0);
  assert.equal(result.forecast.verdict, 'CAUGHT_UP', result.forecast.explanation);
  const stages = result.forecast.capacities.map(({ stage }) => stage);
  assert.deepEqual(stages, ['SOURCE_READ', 'CPU', 'LINK']);
  assert.equal(rig.agentReport()?.replication.connected, true);
  assert.ok((await rig.takeRecoveryPoint()).epoch > before.epoch);
  assert.doesNotMatch(await rig.logOf('agent'), /SUPERSEDED|capture-lost-sight/);
});

test('under a cap the agent names it and tells a time that comes true; a window of the schedule lifts it', async () => {
  await install(192);
  rig.pair();
  configure({ bandwidthThrottlingMbps: 32 });
  await rig.startAgent();
  const forecast = () => rig.agentReport()?.replication.forecast;
  await until('the forecast is known', () => forecast()?.verdict === 'CONVERGES', 120_000);
  const { bottleneck, etaP50Ms, etaP90Ms } = forecast() ?? {};
  assert.equal(bottleneck, 'BANDWIDTH_CAP');
  assert.ok((etaP50Ms ?? 0) > 0 && (etaP50Ms ?? 0) <= (etaP90Ms ?? 0), `${etaP50Ms} to ${etaP90Ms} ms`);
  const days = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
  const windows = [{ days, from: '00:00', to: '00:00', mbps: 0 }];
  configure({ bandwidthSchedule: { timeZone: 'Asia/Kathmandu', windows } });
  await until(
    'the lifted cap lets it finish',
    () => rig.agentReport()?.replication.state === 'CONTINUOUS',
    15_000,
  );
  assert.equal(rig.agentReport()?.replication.forecast?.verdict, 'CAUGHT_UP');
});
