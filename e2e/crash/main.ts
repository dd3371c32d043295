/**
 * `node main.ts --rounds N [--from-seed S] [--json]`, as root, in mount and IPC namespaces of its own: what
 * `landfall crash-test` runs. One line a round; exit code 0 when every round held, else 1.
 */
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../apps/cli/src/setup/cache-folder.ts';
import { describeError, systemClock, terminationRequest } from '../../packages/runtime/src/index.ts';
import { chooseSeed, runCampaign } from './campaign.ts';
import { createCampaignFolder } from './campaign-folder.ts';
import { killAllOwnProcesses } from './own-process.ts';
import { formatRound, formatSummary, summarize } from './report-text.ts';

const EXIT_FAILED = 1;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '20' },
      'from-seed': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const fromSeed = Number(values['from-seed'] ?? chooseSeed(systemClock.nowMs()));
  const say = (line: string) => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
  const cache = cacheFolder();
  const place = await createCampaignFolder(cache);
  let done = 0;
  const startMs = systemClock.nowMs();
  try {
    say(`crash test: ${rounds} rounds, seeds from ${fromSeed}`);
    const reports = await runCampaign({
      ...{ place, cacheFolder: cache, rounds, fromSeed },
      onRound: (report) => {
        done += 1;
        const elapsedMs = systemClock.nowMs() - startMs;
        say(formatRound(report, { done, rounds, etaMs: (elapsedMs / done) * (rounds - done) }));
      },
    });
    const summary = summarize(reports, systemClock.nowMs() - startMs);
    say(formatSummary(summary));
    if (values.json) process.stdout.write(`${JSON.stringify({ ...summary, reports }, null, 2)}\n`);
    return summary.failedSeeds.length === 0 ? 0 : EXIT_FAILED;
  } finally {
    killAllOwnProcesses();
    await place.remove();
  }
}

void terminationRequest().then(() => {
  // Mounts and loop devices go with this process, files with the next campaign.
  killAllOwnProcesses();
  process.exit(EXIT_FAILED);
});
try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`crash test: ${describeError(error)}\n${error instanceof Error ? error.stack : ''}\n`);
  process.exit(EXIT_FAILED);
}
