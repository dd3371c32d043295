/** docs/api-compatibility.md, from what the operations answered to the clients. */
import { allOperations, EC2_OPERATION_NAMES, ec2Operation, STS_OPERATIONS } from '@landfall/api';
import type { ClientOutcomes, Outcomes } from './mgn-journey.testing.ts';

const RULES = `
## Rules where the public documentation leaves them open

- **Create** again with the same name, description and tags answers what the first one made; the same name with
  anything else is a ConflictException. Names of applications and of waves are unique whatever their case,
  archived ones included.
- **Health** of an application or wave is that of its worst server that still replicates: ERROR when one is
  STALLED, LAGGING when one is at least 5 minutes behind or in BACKLOG or RESCAN. **Progress** is COMPLETED when
  there are servers and all are cut over or archived, NOT_STARTED when none has sent a byte or was launched.
- An application is **archived** when all its servers are cut over or archived, a wave when all its applications
  are. What is archived changes only in its tags. Only empty groups are deleted.
- \`accountID\` may be this account's; for any other the answer is AccessDeniedException.
- A **bucket** is a folder: \`buckets/BUCKET/KEY\` in the state folder of the control plane; with \`--s3-endpoint\` it is
  one of that endpoint ([operations](operations.md#buckets-at-an-s3-endpoint)). An import of a file with
  anything wrong in it changes nothing and lists every problem as VALIDATION_ERROR; else it goes on past what cannot
  be applied (PROCESSING_ERROR) and ends FAILED if there was any. A server is recognized by \`mgn:server:id\`, else by
  \`mgn:server:user-provided-id\`; a new one needs \`mgn:server:fqdn-for-action-framework\` and waits for its agent as
  PENDING_INSTALLATION. Whatever of it is there already is changed only as far as its caller may ([identity.md](identity.md)).
  \`landfall:PutInventoryFile\` puts a file into a bucket, \`landfall:GetInventoryFile\` fetches one.
- The **\`mgn:launch:\` columns** of an import go into the launch configuration (\`transfer-server-tags\`,
  \`placement:operating-system-licensing\`) and into a new default version of the launch template:
  \`instance-type\` turns right-sizing off, \`nic:0:private-ip:N\` turns \`copyPrivateIp\` off and takes the gateway of
  a network that the source has (\`10.0.0.7/24\` where it has none), \`nic:0:subnet-id\` and
  \`nic:0:security-group-id:N\` are those of [ec2.md](ec2.md), \`tag:instance:KEY\` is added to the tags. Kept and exported
  again **without effect on a launch** are \`iam-instance-profile:name\`, \`placement:host-id\`, \`placement:tenancy\` other
  than \`default\`, \`nic:0:network-interface-id\`, \`nic:1:…\` and above and \`volume:DEVICE:type\`; the import says so
  of each row: an item of \`ListImportErrors\` without an \`errorType\`, which begins with \`warning:\`. An export leaves out a size and
  addresses that are derived from the source.
- Of the events of a **job log** \`SERVER_SKIPPED\` and \`JOB_CANCEL\` are in the model, and never written: a call one of
  whose servers cannot take part is refused as a whole (ConflictException), and no operation cancels a job.
- **IAM** is not served at this address; users, roles and policies are made with \`landfall\` ([identity.md](identity.md)).
- **Connectors** are kept for the scripts that make them; nothing is sent through one. There are no **vCenter clients**.
- Servers are replicated by agents: SNAPSHOT_SHIPPING is refused.
- MGN has no revision numbers, so of two of its updates at once the later one counts, member by member. Where
  a whole text or list is saved, by \`landfall:PutPolicy\`, \`DeletePolicy\`, \`PutRetention\` and
  \`UpdateReplicationLimits\`, a save may name the \`revision\` it began from (\`expectedRevision\`): over
  somebody else's newer one it is refused with ConflictException.
- Operations that only newer clients know (network migration, enrichment of import files) are refused by name.
`;

export interface MgnOutcomes {
  readonly sdk: ClientOutcomes;
  readonly awscli: ClientOutcomes;
}

export function compatibilityPage(operations: readonly string[], { sdk, awscli }: MgnOutcomes): string {
  const errors = new Map(
    allOperations('mgn').map((operation) => [operation.name as string, operation.errors]),
  );
  const rows = operations.map((name) => {
    const exceptions = (errors.get(name) ?? []).map((error) => error.replace(/Exception$/, ''));
    const results = [sdk, awscli].map(({ outcomes }) => resultText(outcomes.get(name)));
    return `| ${name} | ${results.join(' | ')} | ${refusalText(name, sdk)} | ${exceptions.join(', ')} |\n`;
  });
  return [
    '# Compatibility of the API\n\n',
    'Written by the conformance suite, which calls every operation in its right state and once wrongly, with two clients\n',
    'of others, each on a site of its own with simulated programs:\n',
    '`LANDFALL_WRITE_DOCS=1 node --test apps/control-plane/src/conformance/*.test.ts`. On real replication\n',
    '`e2e/aws-lifecycle.e2e.ts` takes a server through the lifecycle with each of them.\n\n',
    '| client | operations it knows | work |\n|---|---|---|\n',
    summaryRow('`@aws-sdk/client-mgn` 3.523', sdk),
    summaryRow('Debian’s `awscli` (its botocore)', awscli),
    '\n“Called wrongly” is what both were refused with: for its state, for an id of nothing, or for its input.\n\n',
    '| operation | with the SDK | with awscli | called wrongly | modelled exceptions |\n|---|---|---|---|---|\n',
    ...rows,
    RULES,
    ...ec2Section(),
    ...stsSection(),
  ].join('');
}

function summaryRow(client: string, { operations, outcomes }: ClientOutcomes): string {
  return `| ${client} | ${operations.length} | **${countWorking(operations, outcomes)}** |\n`;
}

function refusalText(name: string, { refusals }: ClientOutcomes): string {
  return (refusals.get(name) ?? '').replace(/Exception$/, '');
}

/** The suite fails when one of them does not work. */
function ec2Section(): readonly string[] {
  const rows = EC2_OPERATION_NAMES.map((name) => {
    const { readonly: isRead, resource = '*' } = ec2Operation(name);
    return `| ${name} | ${isRead === true ? 'read' : 'write'} | ${resource.replace('new-', '')} |\n`;
  });
  return [
    '\n## EC2\n\n',
    `All ${EC2_OPERATION_NAMES.length} operations that are offered work with the botocore of Debian's awscli. What they show, and what\n`,
    'differs: [ec2.md](ec2.md).\n\n',
    '| operation | kind | resource in policies |\n|---|---|---|\n',
    ...rows,
  ];
}

/** The suite fails when one of them does not work. */
function stsSection(): readonly string[] {
  const rows = Object.entries(STS_OPERATIONS).map(([name, parameters]) => {
    return `| ${name} | ${parameters.map((parameter) => `\`${parameter}\``).join(', ')} |\n`;
  });
  return [
    '\n## STS\n\n',
    `All ${rows.length} operations that are offered work with the botocore of Debian's awscli. Parameters that are not served are\n`,
    'refused, because what they ask for would be silently missing ([identity.md](identity.md)).\n\n',
    '| operation | parameters |\n|---|---|\n',
    ...rows,
  ];
}

/** An operation works when it answers, or when it rightly refuses because there is nothing to act on. */
export function countWorking(operations: readonly string[], outcomes: Outcomes): number {
  return operations.filter((name) => outcomes.has(name)).length;
}

function resultText(outcome: string | undefined): string {
  if (outcome === undefined) return 'unknown to it';
  return outcome === 'works' ? outcome : `${outcome}: there are none`;
}
