/**
 * Proofs of equality and the scrub with the real agent, the real replication server and real disks. Run as
 * root: `node --test proof.e2e.ts`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { ProofResult, ScrubFacts } from '@landfall/model';
import { MIB, run, runChecked, systemClock } from '@landfall/runtime';
import { forgeSegment } from '../testing/file-forger.ts';
import { unmount } from '../testing/linux-unmount.ts';
import { TestRig, until } from '../testing/test-rig.ts';

let rig: TestRig;

beforeEach(async () => {
  rig = await TestRig.create();
});

afterEach(async () => {
  await rig.close();
});

/** The journals are plain: bytes of them are found by their content, and changed. */
async function startReplicating(sizesMib: readonly number[]): Promise<void> {
  rig.serverOptions = [...rig.serverOptions, '--no-encryption'];
  for (const sizeMib of sizesMib) await rig.addDisk(sizeMib);
  await writeFiles('first', 20);
  await rig.startServer();
  await rig.installAgent();
  rig.pair();
  await rig.startAgent();
  await until('replication is continuous', () => stateOf() === 'CONTINUOUS', 40_000);
}

function stateOf(): string | undefined {
  return rig.agentReport()?.replication.state;
}

/** Random bytes, which do not compress. */
async function writeFiles(name: string, count: number): Promise<Buffer> {
  let content = Buffer.alloc(0);
  for (const disk of rig.disks) {
    for (let index = 0; index < count; index += 1) {
      content = randomBytes(128 * 1024);
      await writeFile(join(disk.mountPoint, `${name}-${index}`), content);
    }
    await runChecked(['sync', '--file-system', disk.mountPoint]);
  }
  return content;
}

async function proved(proofId: string): Promise<ProofResult> {
  rig.prove(proofId);
  const proof = () => rig.agentReport()?.replication.proof;
  const isOver = () => proof()?.proofId === proofId && proof()?.state !== 'RUNNING';
  await until(`proof ${proofId} ends`, isOver, 90_000);
  const result = proof()?.result;
  assert.ok(result !== undefined, proof()?.reason);
  return result;
}

/** The newest state, past every cache, of disks nobody writes to any more. */
async function assertEqualToSource(): Promise<void> {
  for (const disk of rig.disks) await unmount(disk);
  const { epoch } = await rig.takeRecoveryPoint();
  for (const [index, disk] of (await rig.openExport(epoch)).entries()) {
    const source = rig.disks[index]?.deviceName ?? '';
    const formats = ['-T', 'none', '-f', 'raw', '-F', 'raw'];
    const compared = await run(['qemu-img', 'compare', ...formats, source, disk.nbdUri], {
      timeoutMs: 120_000,
    });
    assert.equal(compared.exitCode, 0, `${disk.diskId}: ${compared.stdout}${compared.stderr}`);
  }
}

async function offsetIn(path: string, content: Buffer): Promise<number> {
  const at = (await readFile(path)).indexOf(content.subarray(0, 4096));
  assert.ok(at >= 0, `${path} holds the content`);
  return at;
}

async function spoil(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.from([byte.readUInt8(0) ^ 1]), 0, 1, at);
  await file.sync();
  await file.close();
}

test('under writes a proof says equal; a write past the kernel and a forged replica are named and mended', async () => {
  await startReplicating([64, 32]);
  const stop = new AbortController();
  const writing = (async () => {
    for (let round = 0; !stop.signal.aborted; round += 1) {
      await writeFiles(`busy-${round % 3}`, 2);
      await systemClock.sleep(20);
    }
  })();
  const first = await proved('p-1');
  stop.abort();
  await writing;
  assert.equal(first.differenceCounts.DIFFERENT, 0);
  assert.deepEqual(
    first.disks.map(({ sizeBytes, chunks }) => ({ sizeBytes, chunks })),
    [
      { sizeBytes: 64 * MIB, chunks: 64 },
      { sizeBytes: 32 * MIB, chunks: 32 },
    ],
  );
  assert.ok(first.last.epoch > first.first.epoch);

  const content = await writeFiles('later', 1);
  // Read by then: otherwise the replica may be given the spoiled byte, and is equal.
  await rig.takeRecoveryPoint();
  const image = rig.path('disk-1.img');
  const at = await offsetIn(image, content);
  await spoil(image, at);
  const second = await proved('p-2');
  assert.deepEqual(second.differenceCounts, { DIFFERENT: 1, DAMAGED: 0, LEFT_OUT: 0 });
  const [difference] = second.differences;
  assert.equal(difference?.diskId, 'disk-1');
  assert.equal(difference.offsetBytes, Math.floor(at / MIB) * MIB);

  const forged = await writeFiles('forged', 1);
  await rig.takeRecoveryPoint();
  await forgeSegment(rig.path(`staging/${rig.agentId}/disk-1/segments/0001`), forged.subarray(0, 4096));
  const third = await proved('p-3');
  assert.deepEqual(third.differenceCounts, { DIFFERENT: 1, DAMAGED: 0, LEFT_OUT: 0 });
  assert.equal(third.differences[0]?.offsetBytes, Math.floor((await offsetIn(image, forged)) / MIB) * MIB);
  await assertEqualToSource();
});

function scrubOf(): ScrubFacts | undefined {
  return rig.serverReport()?.servers[0]?.scrub;
}

test('the scrub finds a changed byte, the agent sends it again, and old points can be read again', async () => {
  rig.serverOptions = ['--scrub-interval', '0', '--scrub-rate', '300'];
  await startReplicating([64]);
  await until('a pass over the journal ends', () => (scrubOf()?.passes ?? 0) > 0);
  assert.equal(scrubOf()?.damageCount, 0);
  const early = await rig.takeRecoveryPoint();
  const content = await readFile(join(rig.disks[0]?.mountPoint ?? '', 'first-3'));
  const base = rig.path(`staging/${rig.agentId}/disk-0/base`);
  await spoil(base, await offsetIn(base, content));
  await until('the damage is found', () => rig.serverLogSays('journal-damage-found', 1));
  await until('it is asked for', () => rig.serverLogSays('repair-asked', 1));
  await until('it is put right', () => rig.serverLogSays('journal-damage-healed', 1));
  await until('the report says so', () => scrubOf()?.damageCount === 0);
  const [disk] = await rig.openExport(early.epoch);
  await runChecked([
    'qemu-img',
    'convert',
    '-f',
    'raw',
    '-O',
    'raw',
    disk?.nbdUri ?? '',
    rig.path('early.img'),
  ]);
  await offsetIn(rig.path('early.img'), content);
  await assertEqualToSource();
});
