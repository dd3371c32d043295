/** A post-launch action as it is typed, and as the service is asked for it. Pure. */
import type { Landfall, Mgn } from '@landfall/api/types';

/** Of a server or of a launch configuration template; only those of templates name an operating system. */
export type Action = Mgn.TemplateActionDocument;

/** Where the value of a script's parameter comes from. */
export type ParameterSource =
  | { readonly kind: 'DEFAULT' }
  /** Several are joined by commas. */
  | { readonly kind: 'STORED'; readonly names: readonly string[] }
  /** A path into what is known of the server and its machine. */
  | { readonly kind: 'AT_LAUNCH'; readonly path: string };

export const PARAMETER_SOURCES = ['DEFAULT', 'STORED', 'AT_LAUNCH'] as const;

export interface ActionDraft {
  readonly name: string;
  readonly documentIdentifier: string;
  readonly order: string;
  readonly timeoutSeconds: string;
  readonly mustSucceedForCutover: boolean;
  readonly isActive: boolean;
  /** Empty: of every one. */
  readonly operatingSystem: '' | 'linux' | 'windows';
  /** By parameter; what is not there has the script's default. */
  readonly parameters: Readonly<Record<string, ParameterSource>>;
}

export const OPERATING_SYSTEMS = ['', 'linux', 'windows'] as const;

export type ActionPut = Omit<Mgn.PutTemplateActionRequest, 'launchConfigurationTemplateID'>;

export const ORDER_MIN = 1001;
export const ORDER_MAX = 10_000;
/** As many as a server or a template can have. Source: MGN's quotas. */
export const ACTIONS_MAX = 100;
const TIMEOUT_SECONDS_MAX = 1_000_000;
const ORDER_STEP = 10;
/** Source: MGN model, JmesPathString. */
const PATH_PATTERN = /^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_[\]]+)*$/;
const DEFAULT: ParameterSource = { kind: 'DEFAULT' };

export const NEW_ACTION: ActionDraft = {
  name: '',
  documentIdentifier: '',
  order: '',
  timeoutSeconds: '600',
  mustSucceedForCutover: false,
  isActive: true,
  operatingSystem: '',
  parameters: {},
};

export function draftOf(action: Action): ActionDraft {
  const { order, timeoutSeconds, operatingSystem, parameters = {}, externalParameters = {} } = action;
  const stored = Object.entries(parameters).map(([name, kept]): [string, ParameterSource] => [
    name,
    { kind: 'STORED', names: kept.map(({ parameterName }) => parameterName) },
  ]);
  const atLaunch = Object.entries(externalParameters).map(
    ([name, { dynamicPath = '' }]): [string, ParameterSource] => [
      name,
      { kind: 'AT_LAUNCH', path: dynamicPath },
    ],
  );
  return {
    name: action.actionName ?? '',
    documentIdentifier: action.documentIdentifier ?? '',
    order: order === undefined ? '' : String(order),
    timeoutSeconds: timeoutSeconds === undefined ? NEW_ACTION.timeoutSeconds : String(timeoutSeconds),
    mustSucceedForCutover: action.mustSucceedForCutover === true,
    isActive: action.active !== false,
    operatingSystem: operatingSystem === 'linux' || operatingSystem === 'windows' ? operatingSystem : '',
    parameters: Object.fromEntries([...stored, ...atLaunch]),
  };
}

export function sourceOf({ parameters }: ActionDraft, name: string): ParameterSource {
  return parameters[name] ?? DEFAULT;
}

/** Parameters of the script whose values are still to be chosen. */
export function lackingParameters(
  draft: ActionDraft,
  { parameters }: Pick<Landfall.ScriptDocumentItem, 'parameters'>,
): readonly string[] {
  return parameters
    .filter(({ name, defaultValue }) => {
      const source = sourceOf(draft, name);
      if (source.kind === 'STORED') return source.names.length === 0;
      if (source.kind === 'AT_LAUNCH') return !PATH_PATTERN.test(source.path);
      return defaultValue === undefined;
    })
    .map(({ name }) => name);
}

export interface KnownScripts {
  readonly script: Landfall.ScriptDocumentItem;
  readonly stored: readonly Landfall.ScriptParameterItem[];
}

/**
 * What to ask the service for; `undefined`: something of it is not right yet. `defaultOrder` stands for an
 * order that was left empty, `known` is the action that is changed.
 */
export function actionPut(
  draft: ActionDraft,
  actionID: string,
  { script, stored }: KnownScripts,
  { defaultOrder, known }: { readonly defaultOrder: number; readonly known?: Action | undefined },
): ActionPut | undefined {
  const order = draft.order === '' ? defaultOrder : parseOrder(draft.order);
  const timeoutSeconds = parseTimeout(draft.timeoutSeconds);
  if (order === undefined || timeoutSeconds === undefined) return undefined;
  if (lackingParameters(draft, script).length > 0) return undefined;
  const chosen = script.parameters.map(({ name }) => [name, sourceOf(draft, name)] as const);
  const isOtherScript = known !== undefined && known.documentIdentifier !== script.name;
  const name = draft.name.trim();
  return {
    actionID,
    actionName: name === '' ? script.name : name,
    documentIdentifier: script.name,
    ...(isOtherScript && known.documentVersion !== undefined ? { documentVersion: '$LATEST' } : {}),
    active: draft.isActive,
    mustSucceedForCutover: draft.mustSucceedForCutover,
    order,
    timeoutSeconds,
    parameters: Object.fromEntries(
      chosen.flatMap(([parameter, source]) =>
        source.kind === 'STORED' ? [[parameter, source.names.map((one) => storedAs(one, stored))]] : [],
      ),
    ),
    externalParameters: Object.fromEntries(
      chosen.flatMap(([parameter, source]) =>
        source.kind === 'AT_LAUNCH' ? [[parameter, { dynamicPath: source.path }]] : [],
      ),
    ),
    ...(draft.operatingSystem === '' ? {} : { operatingSystem: draft.operatingSystem }),
  };
}

function storedAs(
  parameterName: string,
  stored: readonly Landfall.ScriptParameterItem[],
): Mgn.SsmParameterStoreParameter {
  const isSecure = stored.some(({ name, secure }) => name === parameterName && secure);
  return { parameterType: isSecure ? 'SECURE_STRING' : 'STRING', parameterName };
}

export function parseOrder(text: string): number | undefined {
  return parseWhole(text, ORDER_MIN, ORDER_MAX);
}

export function parseTimeout(text: string): number | undefined {
  return parseWhole(text, 1, TIMEOUT_SECONDS_MAX);
}

/** After all there are. */
export function nextOrder(actions: readonly { readonly order?: number | undefined }[]): number {
  const last = Math.max(ORDER_MIN - ORDER_STEP, ...actions.map(({ order = ORDER_MIN }) => order));
  return Math.min(ORDER_MAX, last + ORDER_STEP);
}

function parseWhole(text: string, min: number, max: number): number | undefined {
  if (!/^\d{1,7}$/.test(text.trim())) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

export function actionName({ actionName: name, actionID = '' }: Action): string {
  return name ?? actionID;
}
