import assert from 'node:assert/strict';
import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { ensureFolder, OperationError, silentLogger, systemClock } from '@landfall/runtime';
import type { GuestTree, TreeRequest } from './file-tree-opening.ts';
import { FileTrees } from './file-trees.ts';

/** Minutes take a third of a second while an opening hangs. */
const HASTE = 1000;

class Site {
  readonly opened: TreeRequest[] = [];
  /** Appliances there are, and the most there ever were. */
  count = 0;
  most = 0;
  /** Given, closing waits for it. */
  gate: Promise<void> = Promise.resolve();
  hangs = false;
  failure: OperationError | undefined;

  readonly open = async (request: TreeRequest): Promise<GuestTree> => {
    const { folder, signal } = request;
    this.opened.push(request);
    this.count += 1;
    this.most = Math.max(this.most, this.count);
    if (this.hangs) await this.#untilAborted(signal);
    await ensureFolder(folder);
    await writeFile(join(folder, 'overlay'), '');
    return {
      filesystems: [],
      isBusy: false,
      list: async () => {
        if (this.failure !== undefined) throw this.failure;
        return { isFolder: true, entries: [], hasMore: false };
      },
      download: () => Promise.reject(new OperationError('FILES_PATH_MISSING', 'nothing is there')),
      close: async () => {
        await this.gate;
        this.count -= 1;
      },
    };
  };

  #untilAborted(signal: AbortSignal): Promise<never> {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        this.count -= 1;
        reject(signal.reason);
      });
    });
  }
}

async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'trees-'));
  const site = new Site();
  const sleep = (durationMs: number, signal?: AbortSignal) =>
    systemClock.sleep(site.hangs ? durationMs / HASTE : durationMs, signal);
  const clock = { ...systemClock, sleep };
  const trees = await FileTrees.start({ folder, openTree: site.open, logger: silentLogger, clock });
  t.after(async () => {
    await trees.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const open = async (treeId: string) => {
    for (let state = ''; state !== 'READY'; ) ({ state } = await trees.open({ treeId, disks: [] }));
  };
  const list = (treeId: string) => trees.list({ treeId, pathBase64: '', limit: 9 });
  return { folder, site, trees, open, list };
}

test('an opening that hangs is given up, says so, and leaves its place to another', async (t) => {
  const { site, open } = await start(t);
  site.hangs = true;
  const late = { code: 'APPLIANCE_FAILED', message: /did not open within 5 minutes/ };
  await Promise.all(['a', 'b'].map((treeId) => assert.rejects(open(treeId), late)));
  site.hangs = false;
  await open('c');
  await open('a');
  assert.equal(site.most, 2);
});

test('a tree that is opened while the old one of its id is closed keeps its overlays', async (t) => {
  const { site, open, list } = await start(t);
  await open('a');
  const { promise, resolve } = Promise.withResolvers<void>();
  site.gate = promise;
  site.failure = new OperationError('APPLIANCE_FAILED', 'the appliance ended');
  await assert.rejects(list('a'), { code: 'APPLIANCE_FAILED' });
  site.failure = undefined;
  await open('a');
  resolve();
  const [old, fresh] = site.opened.map(({ folder }) => folder);
  while (await exists(old ?? '')) await systemClock.sleep(5);
  assert.ok(await exists(join(fresh ?? '', 'overlay')));
  assert.ok((await list('a')).isFolder);
});

test('several that are opened at once never are more than two, and the idle make room', async (t) => {
  const { folder, site, trees, open, list } = await start(t);
  await open('a');
  await open('b');
  await Promise.all([open('c'), open('d')]);
  assert.equal(site.most, 2);
  for (const treeId of ['c', 'd']) assert.ok((await list(treeId)).isFolder);
  for (const treeId of ['a', 'b']) await assert.rejects(list(treeId), { code: 'FILES_OPENING' });
  const aborted = site.opened.filter(({ signal }) => signal.aborted);
  assert.deepEqual(aborted, [], 'what is open ends in its own way');
  await trees.stop();
  assert.equal(site.count, 0);
  assert.deepEqual(await readdir(folder), []);
});

test('stopping waits for what is being closed, and gives up what is being opened', async (t) => {
  const { folder, site, trees, open, list } = await start(t);
  await open('a');
  const { promise, resolve } = Promise.withResolvers<void>();
  site.gate = promise;
  site.failure = new OperationError('APPLIANCE_FAILED', 'the appliance ended');
  await assert.rejects(list('a'), { code: 'APPLIANCE_FAILED' });
  site.hangs = true;
  const opening = assert.rejects(open('b'));
  const stopped = trees.stop();
  await opening;
  assert.equal(site.count, 1);
  resolve();
  await stopped;
  assert.equal(site.count, 0);
  assert.deepEqual(await readdir(folder), []);
});

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
