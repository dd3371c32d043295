import type { Landfall } from '@landfall/api';
import { formatBytes, formatDurationMs } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { contextOf, findServerId } from '../context.ts';

export function addForecastCommand(server: Command): void {
  server
    .command('forecast <server>')
    .description('when replication will have caught up, what limits it, and whether it converges')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const described = await client.landfall('DescribeForecast', { sourceServerID });
      showFacts(output, described, forecastFacts(described));
    });
}

function forecastFacts(described: Landfall.DescribeForecastResponse): [string, unknown][] {
  const { forecast, observedDateTime } = described;
  if (forecast === undefined) {
    return [['forecast', 'none: nothing is being transferred, or the agent has not been heard of']];
  }
  return [
    ['forecast', forecast.explanation],
    ['to go', formatBytes(forecast.bytesToGo)],
    ['done in, P50', durationOf(forecast.etaP50Ms)],
    ['done in, P90', durationOf(forecast.etaP90Ms)],
    ['bottleneck', forecast.bottleneck],
    ...forecast.capacities.map(({ stage, bytesPerSecond }): [string, unknown] => [
      `  ${stage}`,
      `${formatBytes(bytesPerSecond)}/s`,
    ]),
    ['churn', forecast.churnBytesPerSecond && `${formatBytes(forecast.churnBytesPerSecond)}/s`],
    ['as of', observedDateTime],
  ];
}

function durationOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDurationMs(ms);
}
