/**
 * Who may be told of an event: whoever may read what it is about. An event is asked about under the action
 * that reads its resource, on that resource alone.
 */
import { type ArnScope, arnOf, type EventType, type ServiceEvent } from '@landfall/api';
import type { Tags } from '../identity/authorisation.ts';
import type { RequestContext } from '../identity/policy-conditions.ts';
import type { PolicyDocument } from '../identity/policy-document.ts';
import { evaluatePolicies, policiesAskForResourceTags } from '../identity/policy-evaluation.ts';

type Told = Pick<ServiceEvent, 'type' | 'resourceId' | 'sourceServerId'>;

interface Reading {
  readonly action: string;
  readonly resource: string;
}

const TEMPLATES = {
  'rct-': ['mgn:DescribeReplicationConfigurationTemplates', 'replication-configuration-template'],
  'lct-': ['mgn:DescribeLaunchConfigurationTemplates', 'launch-configuration-template'],
} as const;

const READINGS: Readonly<Record<EventType, (event: Told, scope: ArnScope) => Reading>> = {
  SourceServerChanged: ofServer('mgn:DescribeSourceServers'),
  ReplicationChanged: ofServer('mgn:DescribeSourceServers'),
  JobChanged: ofResource('mgn:DescribeJobs', 'mgn', 'job'),
  LaunchedMachineChanged: ofResource('landfall:DescribeLaunchedMachines', 'landfall', 'machine'),
  RecoveryPointChanged: ofServer('landfall:ListRecoveryPoints'),
  ApplicationChanged: ofResource('mgn:ListApplications', 'mgn', 'application'),
  WaveChanged: ofResource('mgn:ListWaves', 'mgn', 'wave'),
  TemplateChanged: (event, scope) => {
    const [action, type] = TEMPLATES[event.resourceId.slice(0, 4) as keyof typeof TEMPLATES] ?? [];
    if (action === undefined) return ofServer('mgn:GetLaunchConfiguration')(event, scope);
    return { action, resource: arnOf('mgn', type, event.resourceId, scope) };
  },
  ImportChanged: ofResource('mgn:ListImports', 'mgn', 'import'),
  ExportChanged: ofResource('mgn:ListExports', 'mgn', 'export'),
  IdentityChanged: ({ resourceId }) => ({ action: identityAction(resourceId), resource: resourceId }),
  BootProofChanged: ofResource('landfall:ListBootProofs', 'landfall', 'boot-proof'),
  PreflightChanged: ofServer('landfall:DescribePreflight'),
  TripwireChanged: ofServer('landfall:DescribeReplication'),
  RetentionChanged: (event, scope) =>
    event.sourceServerId === undefined
      ? { action: 'landfall:GetRetention', resource: '*' }
      : ofServer('landfall:GetRetention')(event, scope),
  ConnectorChanged: ofResource('mgn:ListConnectors', 'mgn', 'connector'),
  EnrolmentTokenChanged: ofResource('landfall:ListEnrolmentTokens', 'landfall', 'enrolment-token'),
  ScriptDocumentChanged: ofNothing('landfall:ListScriptDocuments'),
  ScriptParameterChanged: ofNothing('landfall:ListScriptParameters'),
  WebhookChanged: ofResource('landfall:DescribeWebhooks', 'landfall', 'webhook'),
  ProgramChanged: ofNothing('landfall:DescribeService'),
};

export interface VisibilityOptions {
  readonly policies: readonly PolicyDocument[];
  readonly context: RequestContext;
  readonly scope: ArnScope;
  readonly tagsOf: (resource: string) => Promise<Tags | undefined>;
}

export async function maySee(event: Told, options: VisibilityOptions): Promise<boolean> {
  const { policies, scope, context, tagsOf } = options;
  const { action, resource } = READINGS[event.type](event, scope);
  const resourceTags = policiesAskForResourceTags(policies) ? await tagsOf(resource) : undefined;
  return evaluatePolicies(policies, { action, resource, context: { ...context, resourceTags } }) === 'ALLOW';
}

function ofServer(action: string) {
  return ({ resourceId, sourceServerId = resourceId }: Told, scope: ArnScope): Reading => ({
    action,
    resource: arnOf('mgn', 'source-server', sourceServerId, scope),
  });
}

function ofResource(action: string, service: string, type: string) {
  return ({ resourceId }: Told, scope: ArnScope): Reading => ({
    action,
    resource: arnOf(service, type, resourceId, scope),
  });
}

/** What has no ARN is asked about as its listing is. */
function ofNothing(action: string) {
  return (): Reading => ({ action, resource: '*' });
}

function identityAction(arn: string): string {
  const type = /:(user|role|policy)\//.exec(arn)?.[1];
  return `landfall:List${type === 'role' ? 'Roles' : type === 'policy' ? 'Policies' : 'Users'}`;
}
