import { FINDING_CODES, FINDING_RANKS, type FindingRank } from './preflight.ts';

const TITLES: Readonly<Record<FindingRank, string>> = {
  BLOCKER: 'Blockers: a launch fails, or the machine does not start, until this is done',
  WILL_BE_FIXED: 'Will be fixed: every launch changes this on its own copy',
  NOTE: 'Notes',
};

const HEAD = [
  '# Preflight',
  '',
  'Every server is inspected at its first recovery point, on a throw-away overlay of the view, and again whenever',
  '`landfall server preflight SERVER [--at TIME | --point EPOCH]` asks for it. `landfall server show` tells the findings from',
  'then on. What is inspected is what a launch would convert, and every change a launch would make is a finding: there are no',
  'others. Neither the source server nor its replica is changed. A launch comes first: the inspection steps aside for it and',
  'begins again.',
  '',
  'This page is written from `packages/model/src/finding-codes.ts`.',
];

/** The page of all findings, for people: `docs/preflight.md`. */
export function findingsPage(): string {
  return `${[...HEAD, ...FINDING_RANKS.flatMap(section)].join('\n')}\n`;
}

function section(rank: FindingRank): string[] {
  const entries = Object.entries(FINDING_CODES).filter(([, entry]) => entry.rank === rank);
  const rows = entries.map(([code, { why, remedy }]) => `| \`${code}\` | ${why} | ${remedy} |`);
  return ['', `## ${TITLES[rank]}`, '', '| code | why | what to do |', '|---|---|---|', ...rows];
}
