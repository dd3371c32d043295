/** `landfall boot-proof schedule`: shown, or changed by what is given. */
import type { Landfall } from '@landfall/api';
import { type Command, Option } from 'commander';
import { type Output, showFacts } from '../../terminal/output.ts';
import { contextOf, findServerId } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { parseSigns, signText } from './boot-proof-text.ts';

interface ScheduleOptions {
  readonly every?: number;
  readonly signs?: readonly Landfall.SignOfLife[];
  readonly timeout?: number;
  readonly beforeCutover?: 'on' | 'off';
}

export function addBootProofScheduleCommand(proof: Command): void {
  const choice = new Option('--before-cutover <choice>', 'whether a cutover proves its point first');
  proof
    .command('schedule <server>')
    .description('when proofs begin by themselves, and what they wait for; without options: as it is')
    .option('--every <hours>', '0: only when asked for, and before cutovers', wholeNumber)
    .option('--signs <list>', 'login, agent, tcp:PORT, http:PORT/PATH: any one of them', parseSigns)
    .option('--timeout <seconds>', 'from the start of the machine to its first sign', wholeNumber)
    .addOption(choice.choices(['on', 'off']))
    .action(async (name: string, options: ScheduleOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const sourceServerID = await findServerId(client, name);
      const { every, signs, timeout, beforeCutover } = options;
      if (Object.keys(options).length === 0)
        return showSchedule(output, await client.landfall('GetBootProofSchedule', { sourceServerID }));
      const schedule = await client.landfall('PutBootProofSchedule', {
        ...{ sourceServerID, intervalHours: every, signsOfLife: signs, lifeTimeoutSeconds: timeout },
        ...(beforeCutover === undefined ? {} : { proofBeforeCutover: beforeCutover === 'on' }),
      });
      showSchedule(output, schedule);
    });
}

function showSchedule(output: Output, schedule: Landfall.BootProofSchedule): void {
  const { intervalHours, signsOfLife, lifeTimeoutSeconds, proofBeforeCutover } = schedule;
  showFacts(output, schedule, [
    ['server', schedule.sourceServerID],
    ['boot proofs', intervalHours === 0 ? 'when asked for' : `every ${intervalHours} h`],
    ['next', schedule.nextDateTime ?? 'when asked for'],
    ['signs of life', signsOfLife.map(signText).join(', ')],
    ['timeout', `${lifeTimeoutSeconds} s`],
    ['before a cutover', proofBeforeCutover ? 'on' : 'off'],
  ]);
}
