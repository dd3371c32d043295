/** The operations on instances: launched machines, as users of EC2 know them. */
import { flag, list, text } from '../query/query-shape.ts';
import { type Ec2Operation, FILTERS, INSTANCE_ID, input, PAGE } from './ec2-operation.ts';

const IDS = list(INSTANCE_ID, 1000);
/** Each is a command to a launch host. */
const COMMANDED = list(INSTANCE_ID, 100);

export const EC2_INSTANCE_OPERATIONS = {
  DescribeInstances: { input: input({ InstanceId: IDS, Filter: FILTERS, ...PAGE }), readonly: true },
  DescribeInstanceStatus: {
    input: input({ InstanceId: IDS, Filter: FILTERS, IncludeAllInstances: flag, ...PAGE }),
    readonly: true,
  },
  DescribeInstanceTypes: {
    input: input({ InstanceType: list(text({ max: 64 }), 100), Filter: FILTERS, ...PAGE }),
    readonly: true,
  },
  StartInstances: {
    input: input({ InstanceId: COMMANDED }, ['InstanceId']),
    resource: 'instance',
    idempotent: true,
  },
  StopInstances: {
    input: input({ InstanceId: COMMANDED, Force: flag }, ['InstanceId']),
    resource: 'instance',
    idempotent: true,
  },
  RebootInstances: { input: input({ InstanceId: COMMANDED }, ['InstanceId']), resource: 'instance' },
  TerminateInstances: {
    input: input({ InstanceId: COMMANDED }, ['InstanceId']),
    resource: 'instance',
    idempotent: true,
  },
  GetConsoleOutput: {
    input: input({ InstanceId: INSTANCE_ID, Latest: flag }, ['InstanceId']),
    resource: 'instance',
    readonly: true,
  },
  GetConsoleScreenshot: {
    input: input({ InstanceId: INSTANCE_ID, WakeUp: flag }, ['InstanceId']),
    resource: 'instance',
    readonly: true,
  },
} as const satisfies Record<string, Ec2Operation>;
