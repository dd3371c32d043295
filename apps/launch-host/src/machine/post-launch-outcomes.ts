/** What is known of a machine's post-launch scripts: what the guest told, by what was asked for. Pure. */
import type {
  MachineSpecification,
  MachineStatus,
  PostLaunchOutcome,
  PostLaunchScript,
} from '@landfall/channel';
import type { GuestScriptReport } from '@landfall/conversion';

const REPORTED_CHARACTERS_MAX = 256;

/** In the order they run: by number, equal ones as listed. */
export function orderedScripts({ postLaunchScripts = [] }: MachineSpecification): PostLaunchScript[] {
  return postLaunchScripts.toSorted((left, right) => left.order - right.order);
}

/** Before the guest has said anything; `impossible`: why it never will. */
export function expectedOutcomes(
  specification: MachineSpecification,
  impossible?: string,
): readonly PostLaunchOutcome[] {
  return orderedScripts(specification).map(({ actionId }) => ({
    actionId,
    state: impossible === undefined ? 'PENDING' : 'NOT_RUN',
    output: impossible ?? '',
    startedAtMs: null,
    endedAtMs: null,
  }));
}

/** Of a machine whose guest has just been converted: what it cannot run will never be told of. */
export function outcomesAfter(
  specification: MachineSpecification,
  { scriptsImpossible }: { readonly scriptsImpossible?: string },
): { readonly postLaunch?: readonly PostLaunchOutcome[] } {
  const { postLaunchScripts = [] } = specification;
  if (scriptsImpossible === undefined || postLaunchScripts.length === 0) return {};
  return { postLaunch: expectedOutcomes(specification, scriptsImpossible) };
}

/** What has ended stays as it was told first: a guest that is started again only repeats it. */
export function withReports(
  outcomes: readonly PostLaunchOutcome[],
  reports: ReadonlyMap<string, GuestScriptReport>,
): readonly PostLaunchOutcome[] {
  return outcomes.map((outcome) => {
    const report = reports.get(outcome.actionId);
    if (report === undefined || hasEnded(outcome)) return outcome;
    const { actionId, state, exitCode, output, startedAtMs, endedAtMs } = report;
    const ended = { actionId, state, output, startedAtMs, endedAtMs };
    return exitCode === null ? ended : { ...ended, exitCode };
  });
}

/** For reports, which tell of many machines at once and often: the end of each output only. */
export function shortened(status: MachineStatus): MachineStatus {
  if (status.postLaunch === undefined) return status;
  const postLaunch = status.postLaunch.map((outcome) => ({
    ...outcome,
    output: outcome.output.slice(-REPORTED_CHARACTERS_MAX),
  }));
  return { ...status, postLaunch };
}

export function allEnded(outcomes: readonly PostLaunchOutcome[]): boolean {
  return outcomes.every(hasEnded);
}

function hasEnded({ state }: PostLaunchOutcome): boolean {
  return state !== 'PENDING' && state !== 'RUNNING';
}
