/** `landfall api SERVICE OPERATION`: any operation of any service, with its input and answer as JSON. */
import { callQuery, operations, type QueryServiceName, queryOperationNames } from '@landfall/api';
import { OperationError } from '@landfall/runtime';
import type { Command } from 'commander';
import { findAccess } from '../../credentials.ts';
import { type Context, contextOf, outputOf, stateDirOf } from '../context.ts';
import { readJsonObject } from '../json-option.ts';

type Mgn = keyof typeof operations.mgn;
type Landfall = keyof typeof operations.landfall;

export function addApiCommand(program: Command): void {
  program
    .command('api <service> <operation>')
    .description('call any operation of the services mgn, landfall, ec2 and sts; the answer is JSON')
    .option('--input <json>', 'its input: JSON, or @FILE')
    .addHelpText(
      'after',
      '\nlandfall api mgn \'?\' lists the operations of a service. Members of ec2 and sts are called as on the wire:\nlandfall api ec2 DescribeInstances --input \'{"InstanceId":["i-…"]}\'',
    )
    .action(async (service: string, name: string, { input = '{}' }: { input?: string }, self: Command) => {
      if (name === '?') return void process.stdout.write(`${operationNames(service).join('\n')}\n`);
      if (!operationNames(service).includes(name)) throw unknownOperation(service, name);
      const value = await readJsonObject(input, '--input');
      if (isQueryService(service)) return callByQuery(self, { service, name, input: value });
      await call(await contextOf(self), { service, name }, value);
    });
}

/** Errors: OPERATION_UNKNOWN for a service there is not. */
export function operationNames(service: string): readonly string[] {
  if (isQueryService(service)) return queryOperationNames(service).toSorted();
  if (service !== 'mgn' && service !== 'landfall') {
    throw new OperationError('OPERATION_UNKNOWN', `there is no service ${service}`, {
      hint: 'the services are mgn, landfall, ec2 and sts',
    });
  }
  return Object.keys(operations[service]).sort();
}

/** Close names first. */
export function unknownOperation(service: string, name: string): OperationError {
  const wanted = name.toLowerCase();
  const close = operationNames(service).filter((known) => known.toLowerCase().includes(wanted));
  const others =
    close.length === 0 ? `\`landfall api ${service} '?'\` lists them` : `is it ${close.join(', ')}?`;
  return new OperationError('OPERATION_UNKNOWN', `${service} has no operation ${name}`, { hint: others });
}

function isQueryService(service: string): service is QueryServiceName {
  return service === 'ec2' || service === 'sts';
}

/** Members as on the wire, texts as they come. */
async function callByQuery(self: Command, call: Parameters<typeof callQuery>[1]): Promise<void> {
  const { credentials, ...access } = await findAccess(stateDirOf(self));
  const answer = await callQuery({ ...access, credentials }, call);
  outputOf(self).out(`${JSON.stringify(answer, null, 2)}\n`);
}

/** The server validates what is asked for; the names were checked. */
async function call(
  { client, output }: Context,
  { service, name }: { readonly service: string; readonly name: string },
  input: object,
): Promise<void> {
  const answer: object =
    service === 'mgn'
      ? await client.mgn(name as Mgn, input as never)
      : await client.landfall(name as Landfall, input as never);
  const content = Object.values(answer).find(isStream);
  if (content === undefined) return output.out(`${JSON.stringify(answer, null, 2)}\n`);
  for await (const piece of content) process.stdout.write(piece);
}

function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
