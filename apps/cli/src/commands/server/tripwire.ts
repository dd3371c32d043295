/** `landfall server tripwire`: what may be encrypting a server's files, for people. */
import type { Landfall } from '@landfall/api';
import { formatBytes } from '@landfall/runtime';
import type { Command } from 'commander';
import { showFacts } from '../../terminal/output.ts';
import { contextOf, findServerId } from '../context.ts';

interface TripwireOptions {
  readonly acknowledge?: boolean;
  readonly expected?: boolean;
}

export function addTripwireCommand(server: Command): void {
  server
    .command('tripwire <server>')
    .description('show what may be encrypting the files of a server, and say that it is known')
    .option('--acknowledge', 'it is known; what comes from now on is another suspicion')
    .option('--expected', 'the same, and it was no attack: its volume is usual for this server')
    .action(async (name: string, { acknowledge, expected }: TripwireOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const { tripwire } =
        acknowledge === true || expected === true
          ? await client.landfall('AcknowledgeTripwire', { sourceServerID, expected: expected === true })
          : await client.landfall('DescribeReplication', { sourceServerID });
      const facts = tripwireFacts(tripwire);
      const state: [string, unknown][] = [
        ['suspected', tripwire === undefined ? 'nobody watches' : 'nothing'],
      ];
      showFacts(output, { sourceServerID, tripwire }, facts.length === 0 ? state : facts);
    });
}

export function tripwireFacts(tripwire: Landfall.Tripwire | undefined): [string, unknown][] {
  return (tripwire?.suspicions ?? []).map((suspicion) => [
    suspicion.acknowledgedDateTime === undefined ? 'RANSOMWARE SUSPECTED' : 'ransomware suspected',
    suspicionText(suspicion),
  ]);
}

function suspicionText(suspicion: Landfall.Suspicion): string {
  const { detectedDateTime, beganDateTime, convertedBytes, diskIDs, pinnedEpoch } = suspicion;
  const volume = `some ${formatBytes(convertedBytes)} of ${diskIDs.join(', ')} became noise`;
  const pinned = pinnedEpoch === undefined ? 'no point before it was pinned' : `pinned: epoch ${pinnedEpoch}`;
  const known = suspicion.acknowledgedDateTime === undefined ? '' : ', acknowledged';
  return `${detectedDateTime}: ${volume} since ${beganDateTime}; ${pinned}${known}`;
}
