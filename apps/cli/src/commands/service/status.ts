/** `landfall status`: all servers at a glance, and what needs somebody, with what to do about it. */
import type { Landfall } from '@landfall/api';
import { formatBytes, formatDurationMs } from '@landfall/runtime';
import type { Command } from 'commander';
import { showJson } from '../../terminal/output.ts';
import { type Column, formatTable } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { wholeNumber } from '../options.ts';

interface StatusOptions {
  readonly alerts: number;
}

type Alert = Landfall.FleetAlert;

const ALERTS_DEFAULT = 20;

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('all servers at a glance: states, data at risk, staging space, and what needs you')
    .option('--alerts <count>', 'of what needs you at most so many', wholeNumber, ALERTS_DEFAULT)
    .action(async ({ alerts: maxAlerts }: StatusOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const fleet = await client.landfall('DescribeFleet', { maxAlerts });
      if (output.json) return showJson(output, fleet);
      output.out(`${statusLines(fleet).join('\n')}\n`);
      if (fleet.alerts.length > 0) {
        output.out(`\n${formatTable(fleet.alerts, ALERT_COLUMNS, output.outColumns)}`);
      }
      const more = fleet.alertsTotal - fleet.alerts.length;
      if (more > 0) output.out(`and ${more} more: \`landfall status --alerts ${fleet.alertsTotal}\`\n`);
    });
}

const ALERT_COLUMNS: readonly Column<Alert>[] = [
  { title: 'RANK', value: ({ rank }) => rank },
  { title: 'NEEDS YOU', value: ({ kind }) => kind },
  { title: 'WHERE', value: ({ name, resourceID }) => (name === '' ? resourceID : name) },
  { title: 'SINCE', value: ({ sinceDateTime }) => sinceDateTime },
  { title: 'WHAT TO DO', value: nextCommand },
  { title: 'CAUSE', value: ({ detail }) => detail },
];

/** The command that tells more, or that helps. */
const NEXT = {
  RANSOMWARE_SUSPECTED: (id) => `landfall server tripwire ${id}`,
  REPLICATION_STALLED: (id) => `landfall server show ${id}`,
  DOES_NOT_CONVERGE: (id) => `landfall server forecast ${id}`,
  MAY_NOT_CONVERGE: (id) => `landfall server forecast ${id}`,
  BOOT_PROOF_FAILED: (id) => `landfall boot-proof list ${id}`,
  PREFLIGHT_BLOCKED: (id) => `landfall server preflight ${id}`,
  STAGING_SPACE: (id) => `landfall journal stat ${id}`,
  REPLICATION_PAUSED: (id) => `landfall replication resume ${id}`,
  REPLICATION_SERVER_AWAY: () => 'start landfall-replication-server there',
  LAUNCH_HOST_AWAY: () => 'start landfall-launch-host there',
  NO_LAUNCH_HOST: () => 'landfall token create --role launch-host',
} as const satisfies Record<Landfall.FleetAlertKind, (id: string) => string>;

export function nextCommand({ kind, resourceID }: Alert): string {
  return NEXT[kind](resourceID);
}

export function statusLines(fleet: Landfall.DescribeFleetResponse): readonly string[] {
  const { servers, protectedServers, lag, launches, staging, alertsTotal } = fleet;
  const used = staging.totalBytes - staging.freeBytes;
  return [
    `servers         ${servers}, of which ${protectedServers} can be launched`,
    `lifecycle       ${countsText(fleet.lifeCycle)}`,
    `replication     ${countsText(fleet.replication)}`,
    `data at risk    ${lagText(lag)}`,
    `time to launch  ${launches.typicalMs === undefined ? 'not measured yet' : `${formatDurationMs(launches.typicalMs)}, median of ${launches.measured}`}`,
    `staging         ${formatBytes(used)} of ${formatBytes(staging.totalBytes)} used, ${staging.connected} of ${staging.replicationServers} replication servers connected`,
    `needs you       ${alertsTotal === 0 ? 'nothing' : alertsTotal}`,
  ];
}

function countsText(counts: readonly { readonly state: string; readonly servers: number }[]): string {
  return counts.map(({ state, servers }) => `${servers} ${state}`).join(', ') || 'none';
}

function lagText({ typicalMs, worstMs, worstName, dayMeanMs, dayWorstMs }: Landfall.FleetLag): string {
  if (typicalMs === undefined || worstMs === undefined) return 'not known yet';
  const now = `${formatDurationMs(typicalMs)} median, ${formatDurationMs(worstMs)} at worst (${worstName})`;
  if (dayMeanMs === undefined || dayWorstMs === undefined) return now;
  return `${now}; last 24 h: mean ${formatDurationMs(dayMeanMs)}, worst ${formatDurationMs(dayWorstMs)}`;
}
