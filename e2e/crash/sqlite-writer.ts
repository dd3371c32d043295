/**
 * A process of its own: `node sqlite-writer.ts DATABASE LOG JOURNAL_MODE`. Commits one transaction after the
 * other until SIGTERM. A line of the log is written after each commit: number, begin, acknowledgement (ms).
 */
import { openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { systemClock, systemRandom } from '../../packages/runtime/src/index.ts';
import { payloadOf, SLOTS, WINDOW_ROWS } from './sqlite-rows.ts';

const BURST_COMMITS = 20;
const PAUSE_MS_MAX = 80;

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function openDatabase(path: string, journalMode: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = ${journalMode}`);
  // EXTRA: with a rollback journal a commit is durable only when the removal of the journal is.
  database.exec('PRAGMA synchronous = EXTRA; PRAGMA wal_autocheckpoint = 200');
  database.exec('CREATE TABLE ledger (sequence INTEGER PRIMARY KEY, payload BLOB NOT NULL)');
  database.exec('CREATE TABLE slot (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL)');
  database.exec('CREATE INDEX by_payload ON ledger (payload)');
  return database;
}

async function main([path = '', logPath = '', journalMode = 'WAL']: readonly string[]): Promise<void> {
  let stopping = false;
  process.once('SIGTERM', () => {
    stopping = true;
  });
  const log = openSync(logPath, 'a');
  const database = openDatabase(path, journalMode);
  const insert = database.prepare('INSERT INTO ledger VALUES (?, ?)');
  const drop = database.prepare('DELETE FROM ledger WHERE sequence = ?');
  const mark = database.prepare('INSERT OR REPLACE INTO slot VALUES (?, ?)');
  const random = systemRandom;
  for (let sequence = 1; !stopping; sequence += 1) {
    const beginMs = nowMs();
    database.exec('BEGIN IMMEDIATE');
    insert.run(sequence, payloadOf(sequence));
    drop.run(sequence - WINDOW_ROWS);
    mark.run(sequence % SLOTS, sequence);
    database.exec('COMMIT');
    writeSync(log, `${sequence} ${beginMs} ${nowMs()}\n`);
    // Bursts and pauses: the point is the order of writes, not how many there are.
    if (random.integer(BURST_COMMITS) === 0) await systemClock.sleep(random.integer(PAUSE_MS_MAX));
    else await setImmediate();
  }
  database.close();
}

await main(process.argv.slice(2));
