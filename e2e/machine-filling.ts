/**
 * A cutover's machine that fills in its disks by itself: within the limit of its launch template, then as
 * fast as it goes, until the view it was launched from is closed.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { waitFor } from '../apps/cli/src/demo/http-ledger.ts';
import { readExports } from '../apps/replication-server/src/exports/file-exports.ts';
import type { Landfall } from '../packages/api/src/index.ts';
import { MIB, systemClock } from '../packages/runtime/src/index.ts';
import type { Site } from './site.ts';

export const FILL_LIMIT = '4MiB';
const BYTES_PER_SECOND_MAX = 4 * MIB;
const MEASURED_MS = 20_000;
/** QEMU hands its allowance out in slices, and looks and reports come every few seconds. */
const SLACK_BYTES = 5000 * (BYTES_PER_SECOND_MAX / 1000);
/** Its guest boots first, for two minutes. */
const BEGIN_MS = 5 * 60_000;
const CLOSE_MS = 60_000;

/** Of a server whose launch template had `--fill-limit` before its cutover. */
export async function proveFilling(site: Site, context: TestContext): Promise<void> {
  const running = async () => {
    const machine = await cutOverMachine(site);
    return machine.hydration.doneBytes > 0 ? machine : undefined;
  };
  const { machineID, hydration } = await waitFor(running, { what: 'disks filling in', timeoutMs: BEGIN_MS });
  assert.equal(hydration.bytesPerSecondMax, BYTES_PER_SECOND_MAX);
  assert.ok((await exportsOf(site)).includes(machineID), 'its view is open');
  const { bytes, tookMs } = await measure(site);
  const rate = (bytes / tookMs) * 1000;
  context.diagnostic(
    `limit ${FILL_LIMIT}/s: ${bytes} bytes in ${tookMs} ms, ${(rate / MIB).toFixed(2)} MiB/s`,
  );
  assert.ok(bytes > 0, 'it stands still');
  assert.ok(bytes <= (BYTES_PER_SECOND_MAX / 1000) * tookMs + SLACK_BYTES, `it went at ${rate} bytes/s`);
  await proveLifting(site, context, machineID);
}

/** With the limit it would take minutes more. */
async function proveLifting(site: Site, context: TestContext, machineID: string): Promise<void> {
  const { hydration } = await cutOverMachine(site);
  const leftBytes = hydration.totalBytes - hydration.doneBytes;
  const startedMs = systemClock.nowMs();
  const parameters = ['machine', 'fill', machineID, '--limit', 'none', '--wait'];
  const whole = await site.landfallJson<Landfall.LaunchedMachine>(...parameters);
  const tookMs = systemClock.nowMs() - startedMs;
  context.diagnostic(`without a limit: ${leftBytes} bytes in ${tookMs} ms`);
  assert.equal(whole.hydration.state, 'COMPLETE');
  assert.equal(whole.hydration.bytesPerSecondMax, undefined);
  const limitedMs = (leftBytes / BYTES_PER_SECOND_MAX) * 1000;
  assert.ok(tookMs < limitedMs / 2, `the limit was kept: ${tookMs} ms, ${limitedMs} with it`);
  const closed = async () => ((await exportsOf(site)).includes(machineID) ? undefined : true);
  await waitFor(closed, { what: 'its view closed', timeoutMs: CLOSE_MS });
}

async function measure(site: Site): Promise<{ readonly bytes: number; readonly tookMs: number }> {
  const first = await cutOverMachine(site);
  const startedMs = systemClock.nowMs();
  await systemClock.sleep(MEASURED_MS);
  const last = await cutOverMachine(site);
  assert.equal(last.hydration.state, 'RUNNING');
  const bytes = last.hydration.doneBytes - first.hydration.doneBytes;
  return { bytes, tookMs: systemClock.nowMs() - startedMs };
}

async function cutOverMachine(site: Site): Promise<Landfall.LaunchedMachine> {
  const machines = await site.landfallJson<Landfall.LaunchedMachine[]>('machine', 'list');
  const machine = machines.find(({ purpose, phase }) => purpose === 'CUTOVER' && phase === 'RUNNING');
  assert.ok(machine !== undefined, 'the machine of the cutover runs');
  return machine;
}

async function exportsOf({ stateDir }: Site): Promise<readonly string[]> {
  const records = await readExports(join(stateDir, 'replication-server'));
  return records.map(({ exportId }) => exportId);
}
