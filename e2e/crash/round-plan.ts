/**
 * What a round does, from its seed alone. Seeds that follow each other go through all file systems with all
 * databases and the raw disks, so that a short campaign covers each.
 */
import { type Random, seededRandom } from '../../packages/runtime/src/index.ts';
import type { FileSystem } from './file-systems.ts';
import { JOURNAL_MODES, type JournalMode } from './sqlite-rows.ts';

export type Subject =
  | { readonly workload: 'sqlite'; readonly fileSystem: FileSystem; readonly journalMode: JournalMode }
  | { readonly workload: 'postgres'; readonly fileSystem: FileSystem }
  | { readonly workload: 'stamps'; readonly fileSystem: 'raw' };

export type Victim = 'agent' | 'replication-server';

export interface Kill {
  readonly victim: Victim;
  /** During the first sync, or under load afterwards; milliseconds after the begin of that. */
  readonly phase: 'FIRST_SYNC' | 'LOAD';
  readonly afterMs: number;
  /** How long it stays down. */
  readonly downMs: number;
}

export interface RoundPlan {
  readonly seed: number;
  readonly subject: Subject;
  readonly discard: boolean;
  /** Whether the agent leaves out what the file system does not use. */
  readonly skipFreeSpace: boolean;
  readonly loadMs: number;
  readonly kills: readonly Kill[];
  /** When, under load, a point is copied while everything goes on. */
  readonly copyAfterMs: number;
  /** For whatever else is left to chance. */
  readonly random: Random;
}

const SUBJECTS = [
  ['sqlite', 'ext4'],
  ['postgres', 'xfs'],
  ['stamps', 'raw'],
  ['sqlite', 'btrfs'],
  ['postgres', 'ext4'],
  ['sqlite', 'xfs'],
  ['postgres', 'btrfs'],
  ['stamps', 'raw'],
] as const;

const LOAD_MS_MIN = 1500;
const LOAD_MS_SPAN = 2000;
const FIRST_SYNC_KILL_MS_MAX = 1500;
const DOWN_MS_MAX = 500;
/** Drawn from: most rounds have one kill. */
const KILL_COUNTS = [0, 1, 1, 2] as const;

export function planRound(seed: number): RoundPlan {
  const random = seededRandom(seed);
  const subject = chooseSubject(seed, random);
  const loadMs = LOAD_MS_MIN + random.integer(LOAD_MS_SPAN);
  const count = KILL_COUNTS[random.integer(KILL_COUNTS.length)] ?? 0;
  const kills = Array.from({ length: count }, () => planKill(loadMs, random));
  return {
    seed,
    subject,
    discard: subject.workload !== 'stamps' && random.integer(2) === 0,
    skipFreeSpace: random.integer(2) === 0,
    loadMs,
    kills: kills.sort((left, right) => left.afterMs - right.afterMs),
    copyAfterMs: random.integer(loadMs),
    random,
  };
}

function chooseSubject(seed: number, random: Random): Subject {
  const [workload, fileSystem] = SUBJECTS[seed % SUBJECTS.length] ?? SUBJECTS[0];
  if (workload !== 'sqlite') return { workload, fileSystem } as Subject;
  const journalMode = JOURNAL_MODES[random.integer(JOURNAL_MODES.length)] ?? 'WAL';
  return { workload, fileSystem, journalMode };
}

function planKill(loadMs: number, random: Random): Kill {
  const phase = random.integer(3) === 0 ? 'FIRST_SYNC' : 'LOAD';
  return {
    victim: random.integer(2) === 0 ? 'agent' : 'replication-server',
    phase,
    afterMs: random.integer(phase === 'LOAD' ? loadMs : FIRST_SYNC_KILL_MS_MAX),
    downMs: random.integer(DOWN_MS_MAX),
  };
}

/**
 * `count` of the items (newest first), each from its own stretch of history: old ones and new ones, the
 * newest stretch included.
 */
export function pickOldAndNew<Item>(items: readonly Item[], count: number, random: Random): readonly Item[] {
  const stretches = Math.min(count, items.length);
  return Array.from({ length: stretches }, (_, index) => {
    const from = Math.floor((index * items.length) / stretches);
    const to = Math.floor(((index + 1) * items.length) / stretches);
    return items[from + random.integer(to - from)];
  }).filter((item) => item !== undefined);
}
