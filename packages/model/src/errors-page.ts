import { ERROR_CODES } from './errors.ts';

/** The page of all error codes, for people: `docs/errors.md`. */
export function errorsPage(): string {
  const entries = Object.entries(ERROR_CODES).sort(([left], [right]) => (left < right ? -1 : 1));
  const rows = entries.map(([code, entry]) => `| \`${code}\` | ${entry.meaning} | ${entry.remedy} |`);
  const head = [
    '# Errors',
    '',
    'Every code a Landfall program shows, what it means and what to do. The public API answers with the exceptions of its',
    'own model; their messages say the same in words. This page is written from `packages/model/src/errors.ts`.',
    '',
    '| code | meaning | what to do |',
    '|---|---|---|',
  ];
  return `${[...head, ...rows].join('\n')}\n`;
}
