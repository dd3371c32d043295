/** All of EC2 that is offered, and how a call is read. Facts: the public EC2 API, version 2016-11-15. */
import { decodeQuery } from '../query/decode-query.ts';
import { type QueryForm, shown } from '../query/query-form.ts';
import type { ValueOf } from '../query/query-shape.ts';
import type { XmlMembers } from '../query/xml-document.ts';
import { ec2Error } from './ec2-error.ts';
import { EC2_INSTANCE_OPERATIONS } from './ec2-instance-model.ts';
import { EC2_LAUNCH_TEMPLATE_OPERATIONS, type LAUNCH_TEMPLATE_DATA } from './ec2-launch-template-model.ts';
import type { Ec2Operation } from './ec2-operation.ts';
import { EC2_SURROUNDINGS_OPERATIONS } from './ec2-surroundings-model.ts';

export const EC2_VERSION = '2016-11-15';

export const EC2_OPERATIONS = {
  ...EC2_LAUNCH_TEMPLATE_OPERATIONS,
  ...EC2_INSTANCE_OPERATIONS,
  ...EC2_SURROUNDINGS_OPERATIONS,
} as const;

export type Ec2OperationName = keyof typeof EC2_OPERATIONS;
export type Ec2Input<Name extends Ec2OperationName> = ValueOf<(typeof EC2_OPERATIONS)[Name]['input']>;
/** As `CreateLaunchTemplate` takes it. */
export type Ec2LaunchTemplateData = ValueOf<typeof LAUNCH_TEMPLATE_DATA>;

/** What a service implements: one function an operation, which answers what its element holds. */
export type Ec2Handlers<Context> = {
  readonly [Name in Ec2OperationName]: (input: Ec2Input<Name>, context: Context) => Promise<XmlMembers>;
};

export interface Ec2Call {
  readonly name: Ec2OperationName;
  readonly operation: Ec2Operation;
  /** Without `Action` and `Version`. */
  readonly parameters: QueryForm;
}

export const EC2_OPERATION_NAMES = Object.keys(EC2_OPERATIONS) as readonly Ec2OperationName[];

export function ec2Operation(name: Ec2OperationName): Ec2Operation {
  return EC2_OPERATIONS[name];
}

/** Errors: MissingAction, InvalidAction, NoSuchVersion. */
export function readEc2Call(form: QueryForm): Ec2Call {
  const parameters = new Map(form);
  const action = parameters.get('Action');
  if (action === undefined) throw ec2Error('MissingAction', 'The request must contain the parameter Action');
  if (!isOperation(action)) {
    throw ec2Error('InvalidAction', `The action ${shown(action)} is not valid for this web service.`);
  }
  const version = parameters.get('Version') ?? '';
  if (version !== EC2_VERSION) {
    throw ec2Error('NoSuchVersion', `The requested version (${shown(version)}) of EC2 does not exist`);
  }
  parameters.delete('Action');
  parameters.delete('Version');
  return { name: action, operation: ec2Operation(action), parameters };
}

/** Errors: those of `decodeQuery`. */
export function decodeEc2Input({ operation, parameters }: Ec2Call): Ec2AnyInput {
  return decodeQuery(parameters, operation.input) as Ec2AnyInput;
}

/** Of whichever operation: the members by which one knows what a call is about. */
export interface Ec2AnyInput {
  readonly DryRun?: boolean;
  readonly InstanceId?: string | readonly string[];
  readonly LaunchTemplateId?: string | readonly string[];
  readonly LaunchTemplateName?: string | readonly string[];
  readonly TagSpecification?: readonly Ec2TagSpecification[];
}

export interface Ec2TagSpecification {
  readonly ResourceType?: string;
  readonly Tag?: readonly { readonly Key: string; readonly Value?: string }[];
}

function isOperation(name: string): name is Ec2OperationName {
  return Object.hasOwn(EC2_OPERATIONS, name);
}
