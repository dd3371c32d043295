/**
 * Outputs with a member of type `bytes`: that is the body, as it comes; the others travel in headers, as
 * restJson1 has it.
 */
import { shapeOf } from '../operations.ts';
import type { OperationModel, ServiceName, StructureModel } from '../service-model.ts';

export interface NamedOperation extends OperationModel {
  readonly service: ServiceName;
}

/** The name of the member that is the body; nothing for an operation that answers in JSON. */
export function contentMember(operation: NamedOperation): string | undefined {
  const { members } = outputShape(operation);
  return Object.keys(members).find(
    (name) => shapeOf(operation.service, members[name] ?? '').type === 'bytes',
  );
}

export function encodeMemberHeaders(
  operation: NamedOperation,
  output: object,
): Readonly<Record<string, string>> {
  const content = contentMember(operation);
  const { members } = outputShape(operation);
  const values = Object.entries(output).filter(
    ([name, value]) => name !== content && value !== undefined && Object.hasOwn(members, name),
  );
  return Object.fromEntries(values.map(([name, value]) => [memberHeader(name), encodeURI(String(value))]));
}

export function decodeMemberHeaders(
  operation: NamedOperation,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string | number>> {
  const { members } = outputShape(operation);
  const values = Object.entries(members).flatMap(([name, target]) => {
    const text = headers[memberHeader(name)];
    if (typeof text !== 'string') return [];
    const isNumber = ['integer', 'long', 'float'].includes(shapeOf(operation.service, target).type);
    return [[name, isNumber ? Number(text) : decodeURI(text)] as const];
  });
  return Object.fromEntries(values);
}

export function memberHeader(member: string): string {
  return member === 'contentLength' ? 'content-length' : `x-landfall-${member.toLowerCase()}`;
}

function outputShape(operation: NamedOperation): StructureModel {
  const shape = operation.output === undefined ? undefined : shapeOf(operation.service, operation.output);
  return shape?.type === 'structure' ? shape : { type: 'structure', members: {} };
}
