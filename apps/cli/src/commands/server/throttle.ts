/** `landfall server throttle`: the cap on bandwidth, its schedule, and the impact budget on the source. */
import type { Landfall } from '@landfall/api';
import { scheduleFault, WEEKDAYS, type Weekday } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import { type Command, InvalidArgumentError } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { type Context, contextOf, findServerId } from '../context.ts';
import { wholeNumber } from '../options.ts';

interface ThrottleOptions {
  readonly mbps?: number;
  readonly from?: string;
  readonly to?: string;
  readonly days?: readonly Weekday[];
  readonly timeZone?: string;
  readonly impact?: number;
  readonly clear?: boolean;
}

export function addThrottleCommand(server: Command): void {
  server
    .command('throttle <server>')
    .description('show or change how much bandwidth and disk time replication may take')
    .option('--mbps <megabits>', 'cap, megabits a second; 0: none', wholeNumber)
    .option(
      '--from <HH:MM>',
      'add a window to the schedule that begins then; without it the cap holds always',
    )
    .option('--to <HH:MM>', 'the window ends then; at or before --from: on the next day')
    .option('--days <days>', 'of the window, such as mon-fri or sat,sun', parseDays)
    .option('--time-zone <name>', 'IANA name that the windows go by; default: that of the schedule, else UTC')
    .option(
      '--impact <percent>',
      'by which reading may lengthen writes of the source; 0: no limit',
      wholeNumber,
    )
    .option('--clear', 'take every window off the schedule')
    .action(async (name: string, options: ThrottleOptions, command: Command) =>
      throttle(await contextOf(command), name, options),
    );
}

async function throttle({ client, output }: Context, name: string, options: ThrottleOptions): Promise<void> {
  const sourceServerID = await findServerId(client, name);
  const { limits: before } = await client.landfall('DescribeReplication', { sourceServerID });
  const change = {
    ...changeOf(before, options),
    ...(options.from === undefined ? { bandwidthMbps: options.mbps } : {}),
    expectedRevision: before.revision,
  };
  const { limits } = await client.landfall('UpdateReplicationLimits', { sourceServerID, ...change });
  showFacts(output, { sourceServerID, limits }, [['server', sourceServerID], ...limitFacts(limits)]);
}

/** Errors: OPTION_INVALID. */
function changeOf(
  before: Landfall.ReplicationLimits,
  options: ThrottleOptions,
): Omit<Landfall.UpdateReplicationLimitsRequest, 'sourceServerID'> {
  const { mbps, from, to, days = WEEKDAYS, clear = false, impact } = options;
  const known = before.bandwidthSchedule;
  const timeZone = options.timeZone ?? known?.timeZone ?? 'UTC';
  const kept = clear ? [] : (known?.windows ?? []);
  if ((from === undefined) !== (to === undefined)) throw invalid('--from and --to go together');
  if (from !== undefined && mbps === undefined) throw invalid('a window needs a cap: --mbps');
  const added =
    from === undefined || to === undefined || mbps === undefined ? [] : [{ days, from, to, mbps }];
  const bandwidthSchedule = { timeZone, windows: [...kept, ...added] };
  const fault = scheduleFault(bandwidthSchedule);
  if (fault !== undefined) throw invalid(fault);
  return {
    ...(clear || added.length > 0 || options.timeZone !== undefined ? { bandwidthSchedule } : {}),
    ...(impact === undefined ? {} : { impactBudgetPercent: impact }),
  };
}

export function limitFacts(limits: Landfall.ReplicationLimits): [string, unknown][] {
  const { bandwidthMbps, currentMbps, nextChange, bandwidthSchedule, impactBudgetPercent } = limits;
  const windows = bandwidthSchedule?.windows ?? [];
  return [
    ['bandwidth cap', capText(currentMbps)],
    ...(windows.length === 0 ? [] : [['  otherwise', capText(bandwidthMbps)] as [string, unknown]]),
    ...windows.map(({ days, from, to, mbps }): [string, unknown] => [
      `  ${from}–${to}`,
      `${capText(mbps)}, ${formatDays(days)} (${bandwidthSchedule?.timeZone})`,
    ]),
    ...(nextChange === undefined
      ? []
      : [['next cap', `${capText(nextChange.mbps)} from ${nextChange.atDateTime}`] as [string, unknown]]),
    ...(impactBudgetPercent === undefined
      ? []
      : [
          ['impact budget', impactBudgetPercent === 0 ? 'off' : `${impactBudgetPercent} %`] as [
            string,
            unknown,
          ],
        ]),
  ];
}

function capText(mbps: number): string {
  return mbps === 0 ? 'none' : `${mbps} Mbit/s`;
}

/** `mon-fri`, `sat,sun`, `fri-mon`. */
export function parseDays(text: string): readonly Weekday[] {
  const days = text
    .toUpperCase()
    .split(',')
    .flatMap((part) => {
      const [first = '', last = first] = part.trim().split('-');
      const [from, to] = [first, last].map((name) => (WEEKDAYS as readonly string[]).indexOf(name));
      if (from === undefined || to === undefined || from < 0 || to < 0) {
        throw new InvalidArgumentError(`days are ${WEEKDAYS.join(', ').toLowerCase()}, or a range of them.`);
      }
      const count = ((to - from + 7) % 7) + 1;
      return Array.from({ length: count }, (_, index) => WEEKDAYS[(from + index) % 7] ?? 'MON');
    });
  return WEEKDAYS.filter((day) => days.includes(day));
}

export function formatDays(days: readonly string[]): string {
  const known = WEEKDAYS.map((day) => days.includes(day));
  const first = known.indexOf(true);
  const last = known.lastIndexOf(true);
  const isRange = known.slice(first, last + 1).every(Boolean) && last > first;
  const names = isRange ? [WEEKDAYS[first], WEEKDAYS[last]] : WEEKDAYS.filter((_, index) => known[index]);
  return names.join(isRange ? '–' : ', ').toLowerCase();
}

function invalid(message: string): OperationError {
  return new OperationError('OPTION_INVALID', message, { hint: 'see `landfall server throttle --help`' });
}
