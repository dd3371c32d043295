/** `landfall machine fill`: a machine gets disks of its own, and then depends on nothing any more. */
import { type ApiClient, ApiError, type Landfall } from '@landfall/api';
import { OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { type Output, showFacts } from '../../terminal/output.ts';
import { waitForEnd } from '../../terminal/waiting.ts';
import { type Context, contextOf } from '../context.ts';
import { addWaitOptions, speedLimit, type WaitOptions } from '../options.ts';
import { type FillSample, fillProgress, rateText, withSample } from './fill-pace.ts';

interface FillOptions extends WaitOptions {
  readonly limit?: string;
}

export function addFillCommand(machine: Command): void {
  const fill = machine
    .command('fill <machineID>')
    .description('fill in its own disks, so that it depends on nothing any more')
    .option('--limit <bytes>', 'a second, for all its disks together: 50MiB; `none` for no limit');
  addWaitOptions(fill, false).action(async (machineID: string, options: FillOptions, command: Command) =>
    fillMachine(await contextOf(command), machineID, options),
  );
}

/** Asked again it changes the limit. What is complete already is what was asked for. */
async function fillMachine(context: Context, machineID: string, options: FillOptions): Promise<void> {
  const { client, output } = context;
  const { limit, wait = false } = options;
  const bytesPerSecondMax = limit === undefined ? undefined : speedLimit(limit);
  const before = await findMachine(client, machineID);
  if (before.hydration.state === 'COMPLETE') return showFill(output, before, false);
  const { machine } = await client.landfall('HydrateMachine', { machineID, bytesPerSecondMax });
  showFill(output, wait ? await untilComplete(context, machine) : machine, !wait);
}

/** Errors: that of the machine, when its disks cannot be filled in for now; MACHINE_UNKNOWN. */
async function untilComplete(
  { client, output }: Context,
  { machineID }: Landfall.LaunchedMachine,
): Promise<Landfall.LaunchedMachine> {
  let samples: readonly FillSample[] = [];
  const ended = await waitForEnd<Landfall.LaunchedMachine>(
    {
      what: `the filling in of ${machineID}`,
      follow: `landfall machine fill ${machineID} --wait`,
      ask: () => findMachine(client, machineID),
      isEnded: ({ hydration, phase }) =>
        phase === 'TERMINATED' || hydration.state === 'COMPLETE' || hydration.state === 'FAILED',
      progressOf: ({ hydration }) => {
        samples = withSample(samples, { atMs: systemClock.nowMs(), doneBytes: hydration.doneBytes });
        return fillProgress(hydration, samples);
      },
    },
    output,
  );
  if (ended.hydration.state === 'COMPLETE') return ended;
  if (ended.phase === 'TERMINATED') {
    throw new OperationError('MACHINE_UNKNOWN', `${machineID} was terminated before its disks were complete`);
  }
  const { code = 'HYDRATION_FAILED', message = 'its disks cannot be filled in', hint } = ended.error ?? {};
  const next = 'it is tried again by itself';
  throw new OperationError(code, message, { hint: hint === undefined ? next : `${hint}; ${next}` });
}

async function findMachine(client: ApiClient, machineID: string): Promise<Landfall.LaunchedMachine> {
  const { items } = await client.landfall('DescribeLaunchedMachines', { machineIDs: [machineID] });
  const [machine] = items;
  if (machine === undefined) throw ApiError.notFound(machineID, 'LaunchedMachine');
  return machine;
}

function showFill(output: Output, machine: Landfall.LaunchedMachine, isUnderWay: boolean): void {
  const { machineID, hydration } = machine;
  const { state, bytesPerSecondMax } = hydration;
  const { detail } = fillProgress({ ...hydration, bytesPerSecondMax: undefined }, []);
  showFacts(output, machine, [
    ['machine', machineID],
    ['disks', state === 'COMPLETE' ? 'complete: it depends on nothing any more' : state],
    ['filled in', detail],
    ['limit', bytesPerSecondMax === undefined ? 'none' : rateText(bytesPerSecondMax)],
    ...(machine.error === undefined
      ? []
      : [['error', `${machine.error.code}: ${machine.error.message}`] as const]),
    ...(isUnderWay ? [['what next', `landfall machine fill ${machineID} --wait`] as const] : []),
  ]);
}
