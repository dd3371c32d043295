/**
 * The policies that come with Landfall, under the names users of MGN know. Lists of actions are drawn from
 * the models, so an operation that is new is in the right ones from its first day.
 */
import { allOperations, EC2_OPERATION_NAMES, ec2Operation, type OperationName } from '@landfall/api';

/** Who may do what: only for administrators. */
export const IDENTITY_OPERATIONS: ReadonlySet<string> = new Set<OperationName<'landfall'>>([
  'CreateUser',
  'ListUsers',
  'DeleteUser',
  'CreateAccessKey',
  'ListAccessKeys',
  'UpdateAccessKey',
  'DeleteAccessKey',
  'CreateRole',
  'ListRoles',
  'DeleteRole',
  'PutPolicy',
  'GetPolicy',
  'ListPolicies',
  'DeletePolicy',
  'AttachPolicy',
  'DetachPolicy',
  'ListAuditEvents',
]);

/** These change nothing, but show what is in the files of a source server. EC2 has two of the same names. */
const CONTENT_OPERATIONS: ReadonlySet<string> = new Set<OperationName<'landfall'>>([
  'ListRecoveryPointFiles',
  'GetRecoveryPointFile',
  'GetConsoleScreenshot',
  'GetConsoleOutput',
  'DescribeBootProof',
]);

export const STS_ACTIONS = ['sts:GetCallerIdentity', 'sts:GetSessionToken', 'sts:AssumeRole'];

/** Every action that a policy may name. */
export const KNOWN_ACTIONS: readonly string[] = [
  ...(['mgn', 'landfall'] as const).flatMap((service) =>
    allOperations(service).map(({ name }) => `${service}:${name}`),
  ),
  ...EC2_OPERATION_NAMES.map((name) => `ec2:${name}`),
  ...STS_ACTIONS,
];

export const ADMINISTRATOR_ACCESS = 'AdministratorAccess';

/** An agent is installed with a token; with one for another role it could be sent the disks of others. */
const AGENT_INSTALLATION = {
  Effect: 'Allow',
  Action: ['landfall:CreateEnrolmentToken'],
  Resource: '*',
  Condition: { StringEquals: { 'landfall:EnrolmentRole': 'agent' } },
};

/** Of a server whose id one knows: nothing lists those there are. Agents themselves have certificates. */
const OWN_REPLICATION = {
  Effect: 'Allow',
  Action: ['landfall:DescribeReplication', 'landfall:DescribeForecast'],
  Resource: '*',
};

/** What Systems Manager is to MGN: the scripts that run after a launch, and their parameters. */
const SCRIPT_ACTIONS: readonly string[] = landfallActions((name) =>
  /^\w+Script(Document|Parameter)s?$/.test(name),
);

const POST_LAUNCH_ACTIONS: readonly string[] = allOperations('mgn')
  .filter(({ name }) => /^(Put|Remove|List)(SourceServer|Template)Actions?$/.test(name))
  .map(({ name }) => `mgn:${name}`);

export const MANAGED_POLICIES: ReadonlyMap<string, string> = new Map([
  [ADMINISTRATOR_ACCESS, allow(['*'])],
  [
    'AWSApplicationMigrationFullAccess',
    allow(['mgn:*', 'ec2:*', ...landfallActions((name) => !IDENTITY_OPERATIONS.has(name))]),
  ],
  [
    'AWSApplicationMigrationReadOnlyAccess',
    allow([...readActions('mgn'), ...readActions('landfall'), ...ec2ReadActions()]),
  ],
  ['AWSApplicationMigrationAgentInstallationPolicy', policyText([AGENT_INSTALLATION])],
  ['AWSApplicationMigrationAgentPolicy', policyText([AGENT_INSTALLATION, OWN_REPLICATION])],
  // A server that is an EC2 instance installs the agent on itself, with the role of its instance profile.
  ['AWSApplicationMigrationServiceEc2InstancePolicy', policyText([AGENT_INSTALLATION, OWN_REPLICATION])],
  ['AWSApplicationMigrationAgentPolicy_v2', policyText([OWN_REPLICATION])],
  ['AWSApplicationMigrationVCenterClientPolicy', vcenterClient()],
  ['AWSApplicationMigrationSSMAccess', allow([...SCRIPT_ACTIONS, ...POST_LAUNCH_ACTIONS])],
  ['AWSApplicationMigrationEC2Access', allow(['ec2:*'])],
  ['AmazonEC2FullAccess', allow(['ec2:*'])],
  ['AmazonEC2ReadOnlyAccess', allow(ec2ReadActions())],
  ['SecurityAudit', allow(landfallActions((name, isRead) => isRead && IDENTITY_OPERATIONS.has(name)))],
]);

function allow(actions: readonly string[]): string {
  return policyText([{ Effect: 'Allow', Action: actions, Resource: '*' }]);
}

/** There are none yet; what lists them answers, and tags may be asked for and set. */
function vcenterClient(): string {
  return policyText([
    { Effect: 'Allow', Action: ['mgn:DescribeVcenterClients'], Resource: '*' },
    {
      Effect: 'Allow',
      Action: ['mgn:TagResource', 'mgn:UntagResource', 'mgn:ListTagsForResource'],
      Resource: 'arn:aws:mgn:*:*:vcenter-client/*',
    },
  ]);
}

function readActions(service: 'mgn' | 'landfall'): readonly string[] {
  return allOperations(service)
    .filter((operation) => operation.readonly === true)
    .filter(({ name }) => !IDENTITY_OPERATIONS.has(name) && !CONTENT_OPERATIONS.has(name))
    .map(({ name }) => `${service}:${name}`);
}

function ec2ReadActions(): readonly string[] {
  return EC2_OPERATION_NAMES.filter((name) => ec2Operation(name).readonly === true)
    .filter((name) => !CONTENT_OPERATIONS.has(name))
    .map((name) => `ec2:${name}`);
}

function landfallActions(wanted: (name: string, isRead: boolean) => boolean): readonly string[] {
  return allOperations('landfall')
    .filter((operation) => wanted(operation.name, operation.readonly === true))
    .map(({ name }) => `landfall:${name}`);
}

function policyText(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
