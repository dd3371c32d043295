/**
 * Somebody moved files about: one is missing, two changed places, one is another journal's or an older copy
 * of itself. On real files. Whatever reads, reads right; what does not is named; and putting the files back
 * as they were brings everything back, because opening a damaged journal changes nothing that is left of it.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readlink, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OperationError, type Random, seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent, readDisk, zstdExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { openTestGroup } from '../test-storage.testing.ts';

const DISKS = [
  { diskId: 'disk-0', sizeBytes: 70_000 },
  { diskId: 'disk-1', sizeBytes: 30_000 },
];
const EPOCHS_BEFORE = 8;
const EPOCHS = 19;
/** Written anew at every opening, or holding nothing that is the journal's. */
const UNIMPORTANT = /(^|\/)lock/;

interface Written {
  readonly folder: string;
  /** A copy from half-way. */
  readonly older: string;
  /** By epoch. */
  readonly states: readonly (readonly Buffer[])[];
}

function open(folder: string): Promise<JournalGroup> {
  const sizes = { disks: DISKS, segmentBytes: 12_000, reserveBytes: 0 };
  return openTestGroup({ folder, ...sizes, create: true, logger: silentLogger });
}

async function putRandomEpoch(group: JournalGroup, disks: readonly Buffer[], random: Random): Promise<void> {
  const extents = disks.flatMap((disk, diskIndex) => {
    return Array.from({ length: 2 }, () => {
      const offset = random.integer(disk.length - 1500);
      const content = Buffer.alloc(1500, random.bytes(200));
      content.copy(disk, offset);
      return (random.integer(2) === 0 ? rawExtent : zstdExtent)(diskIndex, offset, content);
    });
  });
  await putEpoch(group, extents);
}

/** Epochs in the base, in several sealed segments, and in the last one. */
async function writeJournal(root: string, seed: number): Promise<Written> {
  const [folder, older] = [join(root, `journal-${seed}`), join(root, `older-${seed}`)];
  const random = seededRandom(seed);
  const disks = DISKS.map(({ sizeBytes }) => Buffer.alloc(sizeBytes));
  const states = [disks.map((disk) => Buffer.from(disk))];
  for (const until of [EPOCHS_BEFORE, EPOCHS]) {
    const group = await open(folder);
    while (group.lastEpoch < until) {
      await putRandomEpoch(group, disks, random);
      states.push(disks.map((disk) => Buffer.from(disk)));
    }
    await group.close();
    if (until === EPOCHS_BEFORE) await cp(folder, older, { recursive: true });
  }
  return { folder, states, older };
}

async function filesOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).toSorted();
  const isFile = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).isFile()));
  return names.filter((name, index) => isFile[index] === true && !UNIMPORTANT.test(name));
}

/** Files of one kind, which could be taken for one another. */
function kindOf(name: string): string {
  return name.replaceAll(/\d+/g, '#');
}

interface Found {
  readonly lastEpoch: number | undefined;
  readonly errors: readonly OperationError[];
}

async function readEverything(folder: string, states: Written['states'], what: string): Promise<Found> {
  const errors: OperationError[] = [];
  const note = (error: unknown) => {
    if (!(error instanceof OperationError)) throw error;
    errors.push(error);
  };
  const group = await open(folder).catch(note);
  if (group === undefined) return { lastEpoch: undefined, errors };
  for (let epoch = 1; epoch <= group.lastEpoch; epoch += 1) {
    for (const [diskIndex, expected] of (states[epoch] ?? []).entries()) {
      const found = await readDisk(group, epoch, diskIndex).catch(note);
      const isRight = found === undefined || found.equals(expected);
      assert.ok(isRight, `${what}: wrong bytes of disk ${diskIndex} at epoch ${epoch}`);
    }
  }
  const { lastEpoch } = group;
  await group.close();
  return { lastEpoch, errors };
}

class Case {
  readonly written: Written;
  readonly #copy: string;

  constructor(written: Written, copy: string) {
    this.written = written;
    this.#copy = copy;
  }

  /** Mixes up a copy, reads it, puts the files back, and reads again. */
  async run(what: string, touched: readonly string[], mixUp: (folder: string) => Promise<void>) {
    const { folder, states } = this.written;
    await rm(this.#copy, { recursive: true, force: true });
    await cp(folder, this.#copy, { recursive: true });
    await mixUp(this.#copy);
    const found = await readEverything(this.#copy, states, what);
    assert.deepEqual(await openFilesIn(this.#copy), [], `${what}: nothing is left open`);
    const isNamed = found.lastEpoch === undefined || found.lastEpoch === EPOCHS;
    assert.ok(isNamed, `${what}: epochs after ${found.lastEpoch} are gone, and nobody says so`);
    if (found.lastEpoch === EPOCHS && found.errors.length === 0) return found; // It was as good.
    for (const name of touched) await cp(join(folder, name), join(this.#copy, name), { force: true });
    const again = await readEverything(this.#copy, states, `${what}, and put back`);
    assert.deepEqual(again, { lastEpoch: EPOCHS, errors: [] }, `${what}: putting it back brings it all back`);
    return found;
  }
}

async function prepare(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'landfall-journal-mixed-up-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const written = await writeJournal(root, 1);
  const other = await writeJournal(root, 2);
  const names = await filesOf(written.folder);
  assert.ok(names.filter((name) => /segment/.test(name)).length >= 6, `several segments: ${names.join(' ')}`);
  return { written, other, names, one: new Case(written, join(root, 'copy')) };
}

test('a file that is missing is named, and nothing is made anew in its place', async (t) => {
  const { names, one } = await prepare(t);
  for (const name of names) await one.run(`${name} removed`, [name], (folder) => rm(join(folder, name)));
});

test('files that changed places are never read as each other', async (t) => {
  const { names, one } = await prepare(t);
  for (const [index, left] of names.entries()) {
    for (const right of names.slice(index + 1).filter((name) => kindOf(name) === kindOf(left))) {
      const { errors } = await one.run(`${left} and ${right} swapped`, [left, right], async (folder) => {
        await rename(join(folder, left), join(folder, 'aside'));
        await rename(join(folder, right), join(folder, left));
        await rename(join(folder, 'aside'), join(folder, right));
      });
      assert.ok(errors.length > 0, `${left} and ${right} swapped: said so`);
    }
  }
});

test('a file of another journal is never taken for one of this', async (t) => {
  const { other, names, one } = await prepare(t);
  for (const name of names) {
    const theirs = join(other.folder, name);
    if (await isMissing(theirs)) continue;
    await one.run(`${name} of another journal`, [name], (folder) => cp(theirs, join(folder, name)));
  }
});

test('a file of an older state is never taken for the newest one', async (t) => {
  const { written, names, one } = await prepare(t);
  for (const name of names) {
    const older = join(written.older, name);
    if (await isMissing(older)) continue;
    await one.run(`${name} of an older state`, [name], (folder) => cp(older, join(folder, name)));
  }
});

async function openFilesIn(folder: string): Promise<string[]> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((path) => path.startsWith(folder));
}

async function isMissing(path: string): Promise<boolean> {
  return !(await readdir(dirname(path))).includes(path.slice(dirname(path).length + 1));
}
