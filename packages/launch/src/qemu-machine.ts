/** What can be asked of, and done to, a running machine through its monitor. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { HydrationOutcome, HydrationRequest } from './hydration.ts';
import { QMP_SOCKET } from './launch-plan.ts';
import type { RunState } from './machine-host.ts';
import { advanceJobs } from './qemu-hydration.ts';
import { type Monitor, withMonitor } from './qemu-monitor.ts';

const SCREENSHOT = 'screenshot.png';

/** QEMU's RunState, as far as we tell them apart. */
const RUN_STATES: Readonly<Record<string, RunState>> = {
  running: 'RUNNING',
  shutdown: 'POWERED_OFF',
  'guest-panicked': 'PANICKED',
  'io-error': 'DISK_ERROR',
  'internal-error': 'BROKEN',
};

export async function readRunState(folder: string): Promise<RunState> {
  return await ask(folder, async (monitor) => {
    const answer = (await monitor.execute('query-status')) as { readonly status: string };
    return RUN_STATES[answer.status] ?? 'PAUSED';
  });
}

/** Goes on after a disk error: the request that failed is made again. */
export async function continueMachine(folder: string): Promise<void> {
  await ask(folder, (monitor) => monitor.execute('cont'));
}

export async function pressPowerButton(folder: string): Promise<void> {
  await ask(folder, (monitor) => monitor.execute('system_powerdown'));
}

/** What the machine's screen shows, as PNG. Errors: MACHINE_REFUSED, MACHINE_UNREACHABLE. */
export async function takeScreenshot(folder: string): Promise<Buffer> {
  const path = join(folder, SCREENSHOT);
  await ask(folder, (monitor) => monitor.execute('screendump', { filename: path, format: 'png' }));
  const png = await readFile(path);
  await rm(path);
  return png;
}

/** See qemu-hydration.ts. */
export async function advanceHydration(request: HydrationRequest): Promise<HydrationOutcome> {
  return await ask(request.folder, (monitor) => advanceJobs(monitor, request));
}

function ask<Result>(folder: string, use: (monitor: Monitor) => Promise<Result>): Promise<Result> {
  return withMonitor(join(folder, QMP_SOCKET), use);
}
