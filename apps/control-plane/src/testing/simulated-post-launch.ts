/** What a simulated guest tells of its post-launch scripts: one more is over at each look. */
import type { MachineSpecification, MachineStatus, PostLaunchOutcome } from '@landfall/channel';

/** By the action's name; others succeed. */
export type Verdicts = Map<string, Pick<PostLaunchOutcome, 'state' | 'exitCode' | 'output'>>;

export function withNextScript(
  { postLaunchScripts = [] }: MachineSpecification,
  status: MachineStatus,
  verdicts: Verdicts,
): readonly PostLaunchOutcome[] | undefined {
  const told = status.postLaunch ?? [];
  const next = postLaunchScripts[told.length];
  if (next === undefined || status.phase !== 'RUNNING') return undefined;
  const verdict = verdicts.get(next.name) ?? { state: 'SUCCEEDED', exitCode: 0, output: 'done\n' };
  const atMs = 1_767_225_600_000 + told.length;
  return [...told, { actionId: next.actionId, startedAtMs: atMs, endedAtMs: atMs, ...verdict }];
}
