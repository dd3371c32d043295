import { readFile } from 'node:fs/promises';
import type { Landfall } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import type { Column } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { allItems } from '../pages.ts';

const COLUMNS: readonly Column<Landfall.IdentityPolicy>[] = [
  { title: 'NAME', value: (policy) => policy.policyName },
  { title: 'MANAGED', value: (policy) => (policy.managed ? 'yes' : 'no') },
  { title: 'ATTACHED TO', value: (policy) => policy.attachedTo.map(shortName).join(' ') || undefined },
  { title: 'UPDATED', value: (policy) => policy.updatedDateTime },
];

interface Expected {
  readonly expectedRevision?: string;
}

interface Holder {
  readonly user?: string;
  readonly role?: string;
}

export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('policies: what users and roles may do, in IAM JSON');
  policy
    .command('put <policyName> <file>')
    .description('create or replace a policy')
    .option(
      '--expected-revision <revision>',
      'only over the one that `policy get --json` showed; none: only when there is none of that name',
    )
    .action(async (policyName: string, file: string, { expectedRevision }: Expected, command: Command) => {
      const { client, output } = await contextOf(command);
      const document = await readFile(file, 'utf8');
      const put = await client.landfall('PutPolicy', { policyName, document, expectedRevision });
      showFacts(output, put.policy, [
        ['policy', put.policy.arn],
        ['revision', put.policy.revision],
        ['attached to', put.policy.attachedTo.map(shortName).join(' ') || undefined],
      ]);
    });
  policy
    .command('get <policyName>')
    .description('show the JSON of a policy')
    .action(async (policyName: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const found = await client.landfall('GetPolicy', { policyName });
      const shown: unknown = output.json ? found : JSON.parse(found.document);
      output.out(`${JSON.stringify(shown, null, 2)}\n`);
    });
  policy
    .command('list')
    .description('list policies')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const policies = await allItems((page) => client.landfall('ListPolicies', page));
      showRows(output, policies, COLUMNS, 'No policies.');
    });
  policy
    .command('delete <policyName>')
    .description('delete a policy that is attached to nobody')
    .action(async (policyName: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.landfall('DeletePolicy', { policyName });
      showFacts(output, { policyName, deleted: true }, [['deleted', policyName]]);
    });
  addAttachCommands(policy);
}

function addAttachCommands(policy: Command): void {
  for (const [name, operation, description] of [
    ['attach', 'AttachPolicy', 'let a user or role do what the policy says'],
    ['detach', 'DetachPolicy', 'take a policy from a user or role'],
  ] as const) {
    policy
      .command(`${name} <policyName>`)
      .description(description)
      .option('--user <userName>', 'the user')
      .option('--role <roleName>', 'the role')
      .action(async (policyName: string, { user, role }: Holder, command: Command) => {
        const { client, output } = await contextOf(command);
        await client.landfall(operation, { policyName, userName: user, roleName: role });
        showFacts(output, { policyName, user, role }, [[`${name}ed`, `${policyName}: ${user ?? role}`]]);
      });
  }
}

/** `user/ann` of its ARN. */
function shortName(arn: string): string {
  return arn.split(':').slice(5).join(':');
}
