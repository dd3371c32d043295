/**
 * Which scripts a launch runs, pure: the documents of the launch configuration in their order, then the
 * actions of the server by theirs; all of them only when `deployment` has this purpose.
 */
import type { Mgn } from '@landfall/api';
import type { PostLaunchScript } from '@landfall/channel';
import type { ActionRecord } from '../store/post-launch-actions.ts';
import type { ScriptParameterRecord, ScriptRecord } from '../store/scripts.ts';
import { followPath } from './dynamic-path.ts';
import { fillParameters, invalidActions, renderScript } from './script-document.ts';

/** An action of the API beside the script it became; `actionId` is the script's. */
export interface PlannedAction {
  readonly actionId: string;
  readonly document: Mgn.SsmDocument;
}

export interface PostLaunchSources {
  readonly purpose: 'TEST' | 'CUTOVER';
  readonly settings: Mgn.PostLaunchActions | undefined;
  readonly actions: readonly ActionRecord[];
  /** Errors: POST_LAUNCH_INVALID. */
  readonly findDocument: (name: string, version: string | undefined) => Promise<ScriptRecord>;
  readonly parameters: readonly ScriptParameterRecord[];
  /** What dynamic paths lead into. */
  readonly facts: unknown;
}

export interface PostLaunchPlan {
  readonly actions: readonly PlannedAction[];
  readonly scripts: readonly PostLaunchScript[];
}

const TIMEOUT_SECONDS_DEFAULT = 600;
const TIMEOUT_SECONDS_MAX = 24 * 3600;

type Wanted = Mgn.SsmDocument & { readonly documentVersion?: string | undefined };

/** Errors: POST_LAUNCH_INVALID. */
export async function planPostLaunch(sources: PostLaunchSources): Promise<PostLaunchPlan> {
  const planned: PlannedAction[] = [];
  const scripts: PostLaunchScript[] = [];
  for (const [index, wanted] of wantedActions(sources).entries()) {
    const actionId = `action-${index + 1}`;
    const { documentVersion, ...document } = wanted;
    const found = await sources.findDocument(document.ssmDocumentName, documentVersion);
    const timeoutSeconds = Math.min(document.timeoutSeconds ?? TIMEOUT_SECONDS_DEFAULT, TIMEOUT_SECONDS_MAX);
    planned.push({ actionId, document });
    scripts.push({
      actionId,
      name: document.actionName,
      order: index + 1,
      script: renderScript(found.script),
      parameters: fillParameters(found, valuesOf(document, sources)),
      timeoutSeconds,
      mustSucceed: document.mustSucceedForCutover === true,
    });
  }
  return { actions: planned, scripts };
}

/** Whether some launch of the server may have scripts, whatever its purpose. */
export function mayRunScripts({
  settings,
  actions,
}: Pick<PostLaunchSources, 'settings' | 'actions'>): boolean {
  const purposes = ['TEST', 'CUTOVER'] as const;
  return purposes.some((purpose) => wantedActions({ purpose, settings, actions }).length > 0);
}

function wantedActions({
  purpose,
  settings,
  actions,
}: Pick<PostLaunchSources, 'purpose' | 'settings' | 'actions'>): Wanted[] {
  const { deployment = 'TEST_AND_CUTOVER', ssmDocuments = [] } = settings ?? {};
  if (deployment === 'TEST_ONLY' && purpose !== 'TEST') return [];
  if (deployment === 'CUTOVER_ONLY' && purpose !== 'CUTOVER') return [];
  const active = actions
    .filter((action) => action.active !== false && action.operatingSystem !== 'windows')
    .toSorted((left, right) => left.order - right.order);
  return [...ssmDocuments, ...active.map(toDocument)];
}

function toDocument(action: ActionRecord): Wanted {
  const { actionName, documentIdentifier, documentVersion } = action;
  const { timeoutSeconds, mustSucceedForCutover, parameters, externalParameters } = action;
  return {
    actionName,
    ssmDocumentName: documentIdentifier,
    documentVersion,
    timeoutSeconds,
    mustSucceedForCutover,
    parameters,
    externalParameters,
  };
}

/** Several stored parameters for one of a document are joined by commas, as lists are in SSM. */
function valuesOf(
  { actionName, parameters = {}, externalParameters = {} }: Mgn.SsmDocument,
  { parameters: stored, facts }: PostLaunchSources,
): Readonly<Record<string, string>> {
  const read = (name: string): string => {
    const found = stored.find((one) => one.name === name);
    if (found !== undefined) return found.value;
    throw invalidActions(`${actionName} names the parameter ${name}, which is not stored`);
  };
  const direct = Object.entries(parameters).map(([name, sources]): [string, string] => [
    name,
    sources.map(({ parameterName }) => read(parameterName)).join(','),
  ]);
  const dynamic = Object.entries(externalParameters).map(([name, { dynamicPath = '' }]): [string, string] => {
    const value = followPath(facts, dynamicPath);
    if (value === undefined) throw invalidActions(`${actionName}: ${dynamicPath} leads to no value`);
    return [name, value];
  });
  return Object.fromEntries([...direct, ...dynamic]);
}
