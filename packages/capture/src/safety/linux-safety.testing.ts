/**
 * Tests only: safety traces of killed tests are removed by the next run, for they outlive their process by
 * design.
 */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { processStart } from '@landfall/runtime';
import { INSTANCES } from '../tracing/linux-tracefs.ts';

export function safetyTestState(label: string): string {
  return `test-${process.pid}-${label}`;
}

export function removeStaleSafetyTraces(): void {
  if (!existsSync(INSTANCES)) return;
  for (const name of readdirSync(INSTANCES)) {
    const pid = /^landfall-safety-test-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && processStart(Number(pid)) === undefined) rmdirSync(`${INSTANCES}/${name}`);
  }
}
