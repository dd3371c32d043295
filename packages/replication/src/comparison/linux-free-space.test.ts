/**
 * First sync of a disk whose file system is written all the time, with its free space left out: the recovery
 * points of right after it must hold everything a crash at that moment would have left.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { openCapture } from '@landfall/capture';
import { createLoopDisks, inOwnMounts, type LoopDisks } from '@landfall/capture/testing';
import {
  MIB,
  type Random,
  run,
  runChecked,
  seededRandom,
  silentLogger,
  systemClock,
} from '@landfall/runtime';
import { createMemoryLinkPair } from '@landfall/wire';
import { createReceiver } from '../receiver/receiver.ts';
import { createSender } from '../sender/sender.ts';
import { FileImageStore } from '../testing/file-image-store.testing.ts';
import { isIntact, writeNamed } from './linux-file-churn.testing.ts';

const SEEDS = Number(process.env.LANDFALL_FREE_SPACE_SEEDS ?? 2);
const SEED_FROM = Number(process.env.LANDFALL_FREE_SPACE_SEED_FROM ?? 1);
const CHURN = new URL('./linux-file-churn.testing.ts', import.meta.url).pathname;
const PEER = { programId: 's-1', role: 'agent', fingerprint: '00' };
const BANDWIDTH = 80 * MIB;
/** Long after everything should be over on a loaded machine. */
const WAIT_MS_MAX = 120_000;

interface Variant {
  readonly make: readonly string[];
  readonly mountOptions: string;
  readonly sizeMib: number;
  readonly isXfs?: boolean;
}

/** A long commit interval keeps what was removed uncommitted for as long as the story takes. */
const VARIANTS: readonly Variant[] = [
  { make: ['mkfs.ext4', '-q', '-F'], mountOptions: 'commit=300', sizeMib: 256 },
  { make: ['mkfs.xfs', '-q', '-f', '-m', 'rmapbt=1'], mountOptions: 'defaults', sizeMib: 320, isXfs: true },
  { make: ['mkfs.ext4', '-q', '-F', '-b', '1024'], mountOptions: 'discard', sizeMib: 200 },
  {
    make: ['mkfs.ext4', '-q', '-F', '-O', 'bigalloc', '-C', '16384'],
    mountOptions: 'commit=300',
    sizeMib: 256,
  },
  { make: ['mkfs.ext3', '-q', '-F'], mountOptions: 'commit=300', sizeMib: 200 },
  { make: ['mkfs.ext4', '-q', '-F'], mountOptions: 'data=journal,commit=60', sizeMib: 256 },
];

inOwnMounts(import.meta.filename, 'what is left out of a first sync is needed by no recovery point', () => {
  for (let seed = SEED_FROM; seed < SEED_FROM + SEEDS; seed += 1) {
    const variant = VARIANTS[(seed - 1) % VARIANTS.length];
    assert.ok(variant !== undefined);
    test(`seed ${seed}: ${variant.make.join(' ')}`, async (context) => {
      await new Story(context, seed, variant).tell();
    });
  }
});

class Story {
  readonly #context: TestContext;
  readonly #seed: number;
  readonly #random: Random;
  readonly #variant: Variant;
  #churn: ChildProcess | undefined;
  readonly #removed: string[] = [];
  readonly #kept: string[] = [];
  readonly #skipped: { skippedBytes?: number; volumes?: unknown }[] = [];

  constructor(context: TestContext, seed: number, variant: Variant) {
    this.#context = context;
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#variant = variant;
  }

  async tell(): Promise<void> {
    const loops = await createLoopDisks([this.#variant.sizeMib * MIB]);
    this.#context.after(async () => {
      if (this.#churn !== undefined) await ended(this.#churn);
      await run(['umount', `${loops.folder}/source`]);
      loops.remove();
    });
    const folder = await this.#makeFileSystem(loops);
    await this.#fill(folder);
    const churn = spawn(process.execPath, [CHURN, `${folder}/churn`, String(this.#seed)], {
      stdio: 'inherit',
    });
    this.#churn = churn;
    // Their blocks are free in memory, but not after a crash, until the file system commits.
    for (const path of this.#removed) rmSync(path);
    const images = await this.#replicate(loops);
    await ended(churn);
    await runChecked(['umount', folder]);
    for (const image of images) await this.#check(loops, image);
  }

  async #makeFileSystem({ disks, folder }: LoopDisks): Promise<string> {
    const mountPoint = `${folder}/source`;
    const device = disks[0]?.devicePath ?? '';
    await runChecked([...this.#variant.make, device]);
    mkdirSync(mountPoint);
    await runChecked(['mount', '-o', this.#variant.mountOptions, device, mountPoint]);
    return mountPoint;
  }

  /** Files that stay, files that will be removed, and stale space; all of it on the disk. */
  async #fill(folder: string): Promise<void> {
    for (const name of ['kept', 'removed', 'stale', 'churn']) mkdirSync(`${folder}/${name}`);
    const random = this.#random;
    const lengthMax = () => 2 ** (6 + random.integer(15));
    for (let number = 0; number < 200; number += 1) {
      this.#kept.push(writeNamed(`${folder}/kept`, number, random.integer(lengthMax())));
      this.#removed.push(writeNamed(`${folder}/removed`, number, random.integer(lengthMax())));
      writeNamed(`${folder}/stale`, number, 64 * 1024 + random.integer(256 * 1024));
    }
    await runChecked(['sync', '-f', folder]);
    for (const name of readdirSync(`${folder}/stale`)) rmSync(`${folder}/stale/${name}`);
    await runChecked(['sync', '-f', folder]);
  }

  /** Returns the images of two recovery points: that of the first sync, and a later one. */
  async #replicate({ disks, folder }: LoopDisks): Promise<readonly string[]> {
    const sizeBytes = this.#variant.sizeMib * MIB;
    const later = 2 + this.#random.integer(10);
    const store = await FileImageStore.create(`${folder}/replica`, sizeBytes, [1, later]);
    const devices = disks.map(({ devicePath }) => devicePath);
    const stateName = `free-${process.pid}-${this.#seed}`;
    const error = (event: string, fields = {}) => this.#context.diagnostic(inspect({ event, ...fields }));
    const info = (event: string, fields = {}) => this.#note(event, fields);
    const logger = { ...silentLogger, info, error };
    const source = await openCapture({ devices, stateName, logger });
    const stop = new AbortController();
    try {
      await source.start();
      const receiver = createReceiver({ resolveStore: async () => store, logger });
      const connect = async () => {
        const pair = createMemoryLinkPair();
        receiver.serveLink(pair.right, PEER).catch((error: unknown) => assert.fail(String(error)));
        return pair.left;
      };
      const identity = { sourceServerId: PEER.programId, agentVersion: '1' };
      const options = { source, connect, ...identity, logger, clock: systemClock };
      const sender = createSender({ ...options, bandwidth: BANDWIDTH, epochIntervalMs: 20 });
      const running = sender.run(stop.signal);
      for (let waitedMs = 0; store.lastEpoch < later; waitedMs += 20) {
        assert.ok(
          waitedMs < WAIT_MS_MAX,
          `no epoch ${later}: ${JSON.stringify([sender.status(), source.stats()])}`,
        );
        await systemClock.sleep(20);
      }
      stop.abort();
      await running;
      await receiver.close();
    } finally {
      stop.abort();
      await source.stop();
      await store.close();
    }
    const [first] = this.#skipped;
    assert.ok((first?.skippedBytes ?? 0) > 0, `free space was left out: ${JSON.stringify(this.#skipped)}`);
    this.#context.diagnostic(
      `left out ${first?.skippedBytes} of ${sizeBytes} bytes, sent ${store.bytesPut} bytes`,
    );
    return [1, later].map((epoch) => store.imageOf(epoch));
  }

  #note(event: string, fields: { readonly skippedBytes?: number }): void {
    if (event === 'free-space-skipped') this.#skipped.push(fields);
  }

  /** Journal replay, the file system's own check, and every file that must be there. */
  async #check({ folder }: LoopDisks, image: string): Promise<void> {
    const mountPoint = `${folder}/recovered`;
    mkdirSync(mountPoint, { recursive: true });
    const mount = () => runChecked(['mount', '-o', 'loop', image, mountPoint]);
    await mount();
    await runChecked(['umount', mountPoint]);
    const check = this.#variant.isXfs ? ['xfs_repair', '-n', image] : ['e2fsck', '-f', '-n', image];
    await runChecked(check);
    await mount();
    try {
      const found = filesIn(mountPoint);
      const names = new Set(found);
      const missing = this.#kept
        .map((path) => path.replace(/^.*\/source\//, ''))
        .filter((path) => !names.has(path));
      assert.deepEqual(missing, [], `seed ${this.#seed}: files that were there before are there`);
      const broken = found.filter((path) => path.endsWith('.whole') && !isIntact(`${mountPoint}/${path}`));
      assert.deepEqual(broken, [], `seed ${this.#seed}: every file is whole`);
      const counts = ['removed', 'churn'].map((name) => found.filter((path) => path.startsWith(name)).length);
      this.#context.diagnostic(`${found.length} files, ${counts[0]} of those removed, ${counts[1]} new`);
    } finally {
      await runChecked(['umount', mountPoint]);
    }
  }
}

function filesIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1));
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
