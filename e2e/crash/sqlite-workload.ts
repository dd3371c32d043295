/**
 * SQLite under test: one writer with full synchronisation. At a cut the database must open (which recovers
 * it), pass its own integrity check, hold exactly the rows of some number of transactions, and that number
 * must fit the time of the cut.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LoggedWriter } from './logged-writer.ts';
import { runTool, runToolChecked } from './patient-tool.ts';
import { addProofs, type CutTime, check, NOTHING_CHECKED, type Proof } from './proof.ts';
import { proveSequence, type SequenceHistory } from './sequence-history.ts';
import { type JournalMode, payloadOf, SLOTS, slotValue, WINDOW_ROWS } from './sqlite-rows.ts';
import type { ProvedPlace, Workload } from './workload.ts';

const WRITER = join(import.meta.dirname, 'sqlite-writer.ts');
const DATABASE = 'ledger.db';

export interface SqliteOptions {
  readonly mountPoint: string;
  /** For its log; not on the disk under test. */
  readonly folder: string;
  readonly journalMode: JournalMode;
}

export class SqliteWorkload extends LoggedWriter implements Workload {
  constructor({ mountPoint, folder, journalMode }: SqliteOptions) {
    const parameters = (log: string) => [join(mountPoint, DATABASE), log, journalMode];
    super({ name: 'sqlite', folder, script: WRITER, parameters });
  }

  async history(): Promise<SequenceHistory> {
    return (await this.lines()).map((line) => {
      const [, beginMs = '', acknowledgedMs = ''] = line.split(' ');
      return { beginMs: Number(beginMs), acknowledgedMs: Number(acknowledgedMs) };
    });
  }

  async prove({ mountPoint }: ProvedPlace, cut: CutTime): Promise<Proof> {
    const path = join(mountPoint, DATABASE);
    const history = await this.history();
    const exists = await runTool(['test', '-e', path]);
    // The cut may be older than the database.
    const last = exists.exitCode === 0 ? await proveDatabase(path) : { present: 0, proof: NOTHING_CHECKED };
    return addProofs(
      last.proof,
      proveSequence({ who: 'sqlite transaction', history, present: last.present, cut }),
    );
  }
}

async function proveDatabase(path: string): Promise<{ readonly present: number; readonly proof: Proof }> {
  const result = await runTool(['sqlite3', '-batch', path, 'PRAGMA integrity_check']);
  const said = `${result.stdout}${result.stderr}`.trim();
  const sound = check(
    result.exitCode === 0 && said === 'ok',
    () => `sqlite integrity_check: ${said.slice(0, 800)}`,
  );
  if (sound.violations.length > 0) return { present: 0, proof: sound };
  const tables = await runToolChecked(['sqlite3', '-batch', path, '.tables']);
  if (!tables.stdout.includes('slot')) return { present: 0, proof: sound };
  const { rows, slots } = readTables(path);
  const present = rows.at(-1)?.sequence ?? 0;
  return { present, proof: addProofs(sound, proveRows(rows), proveSlots(slots, present)) };
}

interface Row {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

interface Slot {
  readonly id: number;
  readonly sequence: number;
}

function readTables(path: string): { readonly rows: readonly Row[]; readonly slots: readonly Slot[] } {
  const database = new DatabaseSync(path);
  try {
    const rows = database.prepare('SELECT sequence, payload FROM ledger ORDER BY sequence').all();
    const slots = database.prepare('SELECT id, sequence FROM slot').all();
    return { rows: rows as unknown as Row[], slots: slots as unknown as Slot[] };
  } finally {
    database.close();
  }
}

/** The last WINDOW_ROWS rows, none missing, each with its own payload. */
export function proveRows(rows: readonly Row[]): Proof {
  const last = rows.at(-1)?.sequence ?? 0;
  const first = Math.max(1, last - WINDOW_ROWS + 1);
  const wrong = rows.findIndex(({ sequence, payload }, index) => {
    return sequence !== first + index || !payloadOf(sequence).equals(payload);
  });
  return addProofs(
    check(
      rows.length === last - first + 1 || last === 0,
      () => `sqlite: ${rows.length} rows, the last is ${last}`,
    ),
    check(
      wrong < 0,
      () => `sqlite: row ${rows[wrong]?.sequence} at place ${wrong} is not the one written there`,
    ),
  );
}

export function proveSlots(slots: readonly Slot[], last: number): Proof {
  const found = new Map(slots.map(({ id, sequence }) => [id, sequence]));
  const wrong = Array.from({ length: SLOTS }, (_, id) => id).find((id) => {
    return (found.get(id) ?? 0) !== slotValue(id, last);
  });
  return check(wrong === undefined, () => {
    return `sqlite: slot ${wrong} holds ${found.get(wrong ?? 0)} instead of ${slotValue(wrong ?? 0, last)}`;
  });
}
