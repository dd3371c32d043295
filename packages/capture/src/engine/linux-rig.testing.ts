/** Tests only: the engine on loop devices, and a replica that takes what it hands over. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { processStart, silentLogger, systemClock, systemErrorCode } from '@landfall/runtime';
import { createLoopDisks, type LoopDisk, type LoopDisks } from '../disks/linux-loop.testing.ts';
import type { CaptureEngine } from './capture-engine.ts';
import type { CapturedExtent, Cut } from './epoch-source.ts';
import { type OpenCaptureOptions, openCapture } from './linux-capture.ts';

export const MIB = 1024 * 1024;
export const NEVER = new AbortController().signal;

/** What a receiver would hold: extents go in as they come. */
export class Replica {
  readonly images: readonly Buffer[];

  constructor(disks: readonly LoopDisk[]) {
    this.images = disks.map(({ sizeBytes }) => Buffer.alloc(sizeBytes, 0xee));
  }

  put(extents: readonly CapturedExtent[]): void {
    for (const { diskIndex, offsetBytes, lengthBytes, content } of extents) {
      const image = this.images[diskIndex];
      assert.ok(image !== undefined && (content === undefined || content.length === lengthBytes));
      if (content === undefined) image.fill(0, offsetBytes, offsetBytes + lengthBytes);
      else content.copy(image, offsetBytes);
    }
  }

  imageOf(diskIndex: number): Buffer {
    return this.images[diskIndex] ?? Buffer.alloc(0);
  }
}

export interface Rig {
  readonly loops: LoopDisks;
  readonly engine: CaptureEngine;
  readonly replica: Replica;
  readonly stateName: string;
}

let rigCount = 0;

export async function openRig(
  context: TestContext,
  sizesBytes: readonly number[],
  options: Partial<OpenCaptureOptions> = {},
): Promise<Rig> {
  const loops = await createLoopDisks(sizesBytes);
  context.after(() => loops.remove());
  const devices = loops.disks.map(({ devicePath }) => devicePath);
  rigCount += 1;
  const stateName = `test-${process.pid}-${rigCount}`;
  const engine = await openCapture({ devices, stateName, logger: silentLogger, ...options });
  context.after(() => engine.stop());
  await engine.start();
  return { loops, engine, replica: new Replica(loops.disks), stateName };
}

export function startWriter(context: TestContext, command: readonly string[]): Promise<ChildProcess> {
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  context.after(() => endWriter(child));
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the writer ended with ${code}`)));
  });
}

/** With everything it started; what it had mounted in a namespace of its own is unmounted, too. */
export async function endWriter({ pid }: ChildProcess): Promise<void> {
  for (;;) {
    const pids = pid === undefined ? [] : processesOfGroup(pid);
    if (pids.length === 0) return;
    for (const one of pids) unlessGone(() => process.kill(one, 'SIGKILL'));
    await systemClock.sleep(10);
  }
}

function processesOfGroup(groupId: number): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  // After the name, which may hold anything: state, parent, process group (proc_pid_stat(5)).
  const fieldsOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  const isOf = (pid: number) => Number(unlessGone(() => fieldsOf(pid))?.[2]) === groupId;
  return pids.map(Number).filter((pid) => isOf(pid) && processStart(pid) !== undefined);
}

function unlessGone<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

export function markAllDirty({ engine }: Rig): void {
  engine.disks.forEach(({ sizeBytes }, index) => {
    engine.markDirty(index, { offsetBytes: 0, lengthBytes: sizeBytes });
  });
}

export function dirtyBytes({ engine }: Rig): number {
  return engine.disks.reduce((sum, _, index) => sum + engine.dirtyBytes(index), 0);
}

/** One step of a sender: a cut, or bulk when there is none. */
export async function replicate(current: Rig): Promise<boolean> {
  return (await step(current)) !== undefined;
}

async function step({ engine, replica }: Rig): Promise<Cut | undefined> {
  const cut = await engine.nextCut({ waitMs: 1000, signal: NEVER });
  replica.put(cut === undefined ? await engine.takeBulk(8 * MIB) : cut.extents);
  return cut;
}

export async function replicateUntil(current: Rig, isDone: (sawCut: boolean) => boolean): Promise<void> {
  for (let step = 0; step < 2000; step += 1) if (isDone(await replicate(current))) return;
  assert.fail(`never done: ${JSON.stringify(current.engine.stats())}`);
}

/** Until the replica has everything that was written before this call: a cut may lie before it. */
export async function replicateToTheEnd(current: Rig): Promise<void> {
  const calledNs = systemClock.monotonicNs();
  for (let cuts = 0, steps = 0; cuts < 3; steps += 1) {
    assert.ok(steps < 2000, `never done: ${JSON.stringify(current.engine.stats())}`);
    const cut = await step(current);
    const isClean = cut !== undefined && cut.cutMonotonicNs > calledNs && dirtyBytes(current) === 0;
    cuts = isClean ? cuts + 1 : 0;
  }
  current.loops.disks.forEach(({ backingPath }, index) => {
    const same = readFileSync(backingPath).equals(current.replica.imageOf(index));
    assert.ok(same, `the replica of disk ${index} equals the disk`);
  });
}
