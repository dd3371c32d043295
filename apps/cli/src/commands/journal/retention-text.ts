/** Tiers as a person writes and reads them: `all:1h,1s:1d,1m:7d,1d:30d`. Pure. */
import type { Landfall } from '@landfall/api';
import { type RetentionOrigin, retentionFault } from '@landfall/model';
import { OperationError } from '@landfall/runtime';

const UNITS = [
  { letter: 'd', ms: 86_400_000, name: 'day' },
  { letter: 'h', ms: 3_600_000, name: 'hour' },
  { letter: 'm', ms: 60_000, name: 'minute' },
  { letter: 's', ms: 1000, name: 'second' },
] as const;

const ORIGINS: Readonly<Record<RetentionOrigin, string>> = {
  SERVER: 'set for this server',
  SERVER_FILE: 'retention.json of its replication server, for this server',
  DEFAULT: 'set for all servers',
  DEFAULT_FILE: 'retention.json of its replication server',
  BUILT_IN: 'built in',
};

/** Errors: OPTION_INVALID. */
export function parseTiers(text: string): readonly Landfall.RetentionTier[] {
  const tiers = text.split(',').map((part) => parseTier(part.trim()));
  const fault = retentionFault(tiers);
  if (fault !== undefined) throw invalid(`${text}: ${fault}`);
  return tiers;
}

function parseTier(text: string): Landfall.RetentionTier {
  const [every, lasting, ...more] = text.split(':');
  const everyMs = every === 'all' ? 0 : durationOf(every);
  const forMs = durationOf(lasting);
  if (everyMs === undefined || forMs === undefined || more.length > 0) throw invalid(`${text} is no tier`);
  return { everyMs, forMs };
}

function durationOf(text: string | undefined): number | undefined {
  const [, count, letter] = /^([1-9][0-9]{0,8})([dhms])$/.exec(text ?? '') ?? [];
  const unit = UNITS.find((one) => one.letter === letter);
  return unit === undefined ? undefined : Number(count) * unit.ms;
}

/** `7 days`; what is no whole number of seconds in milliseconds. */
export function lengthText(durationMs: number): string {
  const unit = UNITS.find(({ ms }) => durationMs >= ms && durationMs % ms === 0);
  if (unit === undefined) return `${durationMs} ms`;
  const count = durationMs / unit.ms;
  return count === 1 ? `1 ${unit.name}` : `${count} ${unit.name}s`;
}

export function everyText(everyMs: number): string {
  return everyMs === 0 ? 'every point' : `one point every ${lengthText(everyMs)}`;
}

export function originText(origin: RetentionOrigin): string {
  return ORIGINS[origin];
}

/** What a change would take, in one sentence. */
export function dropText(preview: Landfall.PreviewRetentionResponse): string {
  const { servers, points, droppedPoints, droppingServers, unansweredServerIDs } = preview;
  const kept = `${points} recovery point${points === 1 ? '' : 's'} of ${serverCount(servers)}`;
  const unknown =
    unansweredServerIDs.length === 0 ? '' : `; of ${serverCount(unansweredServerIDs.length)} it is not known`;
  if (droppedPoints === 0) return `none of ${kept}${unknown}`;
  return `${droppedPoints} of ${kept}, on ${serverCount(droppingServers)}${unknown}`;
}

function serverCount(count: number): string {
  return count === 1 ? '1 server' : `${count} servers`;
}

function invalid(message: string): OperationError {
  return new OperationError('OPTION_INVALID', message, {
    hint: 'such as all:1h,1s:1d,1m:7d,1d:30d: every point for an hour, then one a second for a day …',
  });
}
