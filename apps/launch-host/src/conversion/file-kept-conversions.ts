/**
 * Conversions that were kept, on disk:
 *
 *   STATE/conversions/NAME/conversion.json        what is known of it, written last
 *   STATE/conversions/NAME/overlay-DISK.qcow2     as the conversion left it
 *   STATE/conversions/.new-NAME                   one that is just being written
 *
 * K2  A folder has its name only when everything in it is durable; what else is found is removed.
 * K3  None is needed: whatever is wrong with one, the machine is converted as ever.
 */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptConversionFacts } from '@landfall/channel';
import { copyOverlay } from '@landfall/launch';
import { ensureFolder, GIB, readIfExists, syncFolder, writeDurably } from '@landfall/runtime';
import { makeDurable } from '../machine/file-machine-store.ts';
import { overlayName } from '../machine/machine-context.ts';
import { KEPT_NAME, type KeptConversion, surplusOf } from './kept-conversion.ts';

const RECORD = 'conversion.json';
const UNFINISHED = '.new-';
/** The newest of a server, and the one before it while a launch may still use it. */
const LIMITS = { perServerMax: 2, bytesMax: 32 * GIB };

export class KeptConversions {
  readonly #folder: string;
  readonly #kept = new Map<string, KeptConversion>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Finds those of an earlier run (K2). */
  async open(): Promise<void> {
    await ensureFolder(this.#folder);
    for (const name of await readdir(this.#folder)) {
      const record = KEPT_NAME.test(name) ? await this.#read(name) : undefined;
      if (record === undefined) await rm(join(this.#folder, name), { recursive: true, force: true });
      else this.#kept.set(name, record);
    }
  }

  find(name: string): KeptConversion | undefined {
    return this.#kept.get(name);
  }

  list(): readonly KeptConversionFacts[] {
    return [...this.#kept.values()].map(({ name, recoveryPoint, keptAtMs, bytes }) => {
      return { name, recoveryPoint, keptAtMs, bytes };
    });
  }

  overlayPath(name: string, diskId: string): string {
    return join(this.#folder, name, overlayName(diskId));
  }

  /** In the place of one of that name. Errors: OVERLAY_NO_SPACE, and whatever copying meets. */
  keep(record: Omit<KeptConversion, 'bytes'>, overlayFolder: string): Promise<void> {
    return this.#inTurn(async () => {
      const { name, disks } = record;
      const unfinished = join(this.#folder, `${UNFINISHED}${name}`);
      await rm(unfinished, { recursive: true, force: true });
      await ensureFolder(unfinished);
      try {
        let bytes = 0;
        for (const { diskId } of disks) {
          const copy = join(unfinished, overlayName(diskId));
          await copyOverlay(join(overlayFolder, overlayName(diskId)), copy);
          await makeDurable(copy);
          bytes += (await stat(copy)).size;
        }
        await this.#publish({ ...record, bytes }, unfinished);
      } finally {
        await rm(unfinished, { recursive: true, force: true });
      }
      for (const { name: tooMuch } of surplusOf([...this.#kept.values()], LIMITS))
        await this.#remove(tooMuch);
    });
  }

  /** Removes all others; returns their names. */
  keepOnly(wanted: ReadonlySet<string>): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const unwanted = [...this.#kept.keys()].filter((name) => !wanted.has(name));
      for (const name of unwanted) await this.#remove(name);
      return unwanted;
    });
  }

  async #publish(record: KeptConversion, unfinished: string): Promise<void> {
    await writeDurably(join(unfinished, RECORD), `${JSON.stringify(record, null, 2)}\n`);
    await this.#remove(record.name);
    await rename(unfinished, join(this.#folder, record.name));
    await syncFolder(this.#folder);
    this.#kept.set(record.name, record);
  }

  async #remove(name: string): Promise<void> {
    this.#kept.delete(name);
    await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  async #read(name: string): Promise<KeptConversion | undefined> {
    const text = await readIfExists(join(this.#folder, name, RECORD));
    if (text === undefined) return undefined;
    const record: KeptConversion = JSON.parse(text);
    return record.version === 2 && record.name === name ? record : undefined;
  }

  async #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(action, action);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return await turn;
  }
}
