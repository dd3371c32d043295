/**
 * Which resources a call is about: drawn from its input before it is validated, by the names of its members.
 * What is passed over here because its type is wrong is refused by the validator afterwards, so a handler
 * never sees a resource that was not asked about.
 */
import { type AnyOperation, type ArnScope, arnOf, parseArn, type ServiceName } from '@landfall/api';
import { type IdentityType, identityArn } from './identity-names.ts';

/** Member of an input, singular or plural, to the type in the ARN. */
const MGN_TYPES: Readonly<Record<string, string>> = {
  sourceServerID: 'source-server',
  sourceServerIDs: 'source-server',
  jobID: 'job',
  replicationConfigurationTemplateID: 'replication-configuration-template',
  launchConfigurationTemplateID: 'launch-configuration-template',
  applicationID: 'application',
  applicationIDs: 'application',
  waveID: 'wave',
  connectorID: 'connector',
  vcenterClientID: 'vcenter-client',
  importID: 'import',
  exportID: 'export',
  networkMigrationDefinitionID: 'network-migration-definition',
};

const LANDFALL_TYPES: Readonly<Record<string, readonly [service: string, type: string]>> = {
  sourceServerID: ['mgn', 'source-server'],
  sourceServerIDs: ['mgn', 'source-server'],
  machineID: ['landfall', 'machine'],
  machineIDs: ['landfall', 'machine'],
  proofID: ['landfall', 'proof'],
  bootProofID: ['landfall', 'boot-proof'],
  tokenID: ['landfall', 'enrolment-token'],
  webhookID: ['landfall', 'webhook'],
  webhookIDs: ['landfall', 'webhook'],
};

const IDENTITY_TYPES: Readonly<Record<string, IdentityType>> = {
  userName: 'user',
  roleName: 'role',
  policyName: 'policy',
};

/** Members that name something inside of another resource of the same call, or nothing of ours. */
export const MEMBERS_WITHOUT_RESOURCE: ReadonlySet<string> = new Set([
  'accountID',
  'actionID',
  'accessKeyID',
  'constructID',
  'diskID',
  'ebsEncryptionKeyArn',
  'exportID',
  'lastEventID',
  'launchConfigurationTemplateIDs',
  'mapAutoTaggingMpeID',
  'networkMigrationExecutionID',
  'replicationConfigurationTemplateIDs',
  'replicationServersSecurityGroupsIDs',
  'secretArn',
  'seedID',
  'segmentID',
  'ssmInstanceID',
  'stagingAreaSubnetId',
  'userProvidedID',
]);

/** `*` alone when the call is about no resource in particular. */
export function resourcesOfCall(service: ServiceName, input: unknown, scope: ArnScope): readonly string[] {
  if (typeof input !== 'object' || input === null) return ['*'];
  const found = Object.entries(input).flatMap(([member, value]) => {
    const name = resourceNamer(service, member, scope);
    return name === undefined ? [] : textsOf(value).map(name);
  });
  return found.length === 0 ? ['*'] : [...new Set(found)];
}

export function namesResource(service: ServiceName, member: string): boolean {
  return resourceNamer(service, member, { region: '', accountId: '' }) !== undefined;
}

type ResourceNamer = (id: string) => string;

function resourceNamer(service: ServiceName, member: string, scope: ArnScope): ResourceNamer | undefined {
  if (service === 'mgn') {
    const type = own(MGN_TYPES, member);
    if (member === 'resourceArn') return canonicalArn;
    return type === undefined ? undefined : (id) => arnOf('mgn', type, id, scope);
  }
  const identity = own(IDENTITY_TYPES, member);
  if (identity !== undefined) return (name) => identityArn(identity, name, scope.accountId);
  const [owner, type] = own(LANDFALL_TYPES, member) ?? [];
  return owner === undefined || type === undefined ? undefined : (id) => arnOf(owner, type, id, scope);
}

/** One spelling a resource: handlers take an ARN of any partition, and policies name one. */
function canonicalArn(text: string): string {
  const arn = parseArn(text);
  return arn === undefined ? text : arnOf(arn.service, arn.type, arn.id, arn);
}

function own<Value>(table: Readonly<Record<string, Value>>, member: string): Value | undefined {
  return Object.hasOwn(table, member) ? table[member] : undefined;
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one) => typeof one === 'string');
}

/** What conditions may ask of the input itself. */
export function requestFacts(
  operation: AnyOperation,
  input: unknown,
): { readonly requestTags?: Readonly<Record<string, string>>; readonly enrolmentRole?: string } {
  const members: Readonly<Record<string, unknown>> =
    typeof input === 'object' && input !== null ? { ...input } : {};
  return {
    requestTags: textEntries(members.tags),
    ...(operation.name === 'CreateEnrolmentToken' ? { enrolmentRole: String(members.role ?? 'agent') } : {}),
  };
}

function textEntries(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).filter(([, text]) => typeof text === 'string');
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}
