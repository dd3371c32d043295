/**
 * The preflight: whether a server will start on the target, found out before anybody depends on it. A finding
 * is a code of this registry with what was found on this server.
 */
import { FINDINGS } from './finding-codes.ts';

/**
 * BLOCKER: a launch fails, or the machine does not start, until somebody does something on the source server.
 * WILL_BE_FIXED: every launch changes it on its own copy. NOTE: good to know.
 */
export const FINDING_RANKS = ['BLOCKER', 'WILL_BE_FIXED', 'NOTE'] as const;
export type FindingRank = (typeof FINDING_RANKS)[number];

export interface FindingEntry {
  readonly rank: FindingRank;
  /** Why it matters, one sentence. */
  readonly why: string;
  /** What to do about it, one sentence; of WILL_BE_FIXED: how not to need the fix. */
  readonly remedy: string;
}

export const FINDING_CODES: Readonly<Record<FindingCode, FindingEntry>> = FINDINGS;
export type FindingCode = keyof typeof FINDINGS;

/** The codes of one rank. */
export type FindingCodeOf<Rank extends FindingRank> = {
  [Code in FindingCode]: (typeof FINDINGS)[Code]['rank'] extends Rank ? Code : never;
}[FindingCode];

export interface Finding {
  readonly rank: FindingRank;
  readonly code: string;
  /** On this server. */
  readonly what: string;
  readonly why: string;
  /** A command, or a sentence where no command does it. */
  readonly fix?: string | undefined;
}

/** The finding of a code, with the registry's words where this server has none of its own. */
export function findingOf(code: FindingCode, what: string, fix?: string): Finding {
  const { rank, why, remedy } = FINDING_CODES[code];
  return { rank, code, what, why, fix: fix ?? remedy };
}

/** Worst first; in the order they were found within a rank. */
export function rankFindings(findings: readonly Finding[]): Finding[] {
  const place = ({ rank }: Finding) => FINDING_RANKS.indexOf(rank);
  return findings.toSorted((left, right) => place(left) - place(right));
}

/** One line of the inventory: `root` → `ext4 on /dev/sda1, by UUID`. */
export interface PreflightFact {
  readonly name: string;
  readonly value: string;
}

export interface PreflightResult {
  /** As the system calls itself. */
  readonly operatingSystem: string;
  /** Firmware that a launch would start it with; absent when it cannot be told. */
  readonly bootMode?: 'LEGACY_BIOS' | 'UEFI' | undefined;
  readonly facts: readonly PreflightFact[];
  readonly findings: readonly Finding[];
  readonly durationMs: number;
}
