/**
 * The operations of both services as lookup data. Everything else in this package (router, decoder,
 * validator, encoder, client) is driven by it: there is no code per operation here.
 */
import { assert } from '@landfall/runtime';
import { LANDFALL_MODEL } from './landfall/landfall-model.ts';
import type { LandfallOperations } from './landfall/landfall-types.ts';
import { MGN_MODEL } from './mgn-model.generated.ts';
import type { MgnOperations } from './mgn-types.generated.ts';
import type { OperationModel, ServiceModel, ServiceName, ShapeModel } from './service-model.ts';

export interface ServiceOperations {
  readonly mgn: MgnOperations;
  readonly landfall: LandfallOperations;
}

export type OperationName<Service extends ServiceName> = keyof ServiceOperations[Service] & string;

export type InputOf<
  Service extends ServiceName,
  Name extends OperationName<Service>,
> = ServiceOperations[Service][Name] extends { readonly input: infer Input } ? Input : never;

export type OutputOf<
  Service extends ServiceName,
  Name extends OperationName<Service>,
> = ServiceOperations[Service][Name] extends { readonly output: infer Output } ? Output : never;

/** What a service implements: one function an operation. An operation without a handler does not compile. */
export type Handlers<Service extends ServiceName, Context> = {
  readonly [Name in OperationName<Service>]: (
    input: InputOf<Service, Name>,
    context: Context,
  ) => Promise<OutputOf<Service, Name>>;
};

export interface Operation<
  Service extends ServiceName,
  Name extends OperationName<Service> = OperationName<Service>,
> extends OperationModel {
  readonly service: Service;
  readonly name: Name;
}

/** Of either service; `operation.service` tells which. */
export type AnyOperation = { readonly [Service in ServiceName]: Operation<Service> }[ServiceName];

export type OperationTable = {
  readonly [Service in ServiceName]: {
    readonly [Name in OperationName<Service>]: Operation<Service, Name>;
  };
};

const MODELS: Readonly<Record<ServiceName, ServiceModel>> = { mgn: MGN_MODEL, landfall: LANDFALL_MODEL };

export const operations: OperationTable = {
  mgn: nameOperations('mgn') as OperationTable['mgn'],
  landfall: nameOperations('landfall') as OperationTable['landfall'],
};

export function shapeOf(service: ServiceName, name: string): ShapeModel {
  const shape = MODELS[service].shapes[name];
  assert(shape !== undefined, `M1: ${service} has no shape ${name}`);
  return shape;
}

/** Names of the members of its input. */
export function inputMembers({ service, input }: AnyOperation): readonly string[] {
  const shape = input === undefined ? undefined : shapeOf(service, input);
  return shape?.type === 'structure' ? Object.keys(shape.members) : [];
}

export function allOperations(service: ServiceName): readonly AnyOperation[] {
  return Object.values(operations[service]);
}

function nameOperations(service: ServiceName): Readonly<Record<string, OperationModel>> {
  const entries = Object.entries(MODELS[service].operations);
  return Object.fromEntries(entries.map(([name, model]) => [name, { ...model, service, name }]));
}
