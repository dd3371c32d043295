/** An operation of the `landfall` service, by its name. */
import type { OperationModel } from '../service-model.ts';

const COMMON_ERRORS = ['AccessDeniedException', 'ThrottlingException', 'ValidationException'];

export function read(name: string, ...errors: string[]): OperationModel {
  return { ...write(name, ...errors), readonly: true };
}

export function write(name: string, ...errors: string[]): OperationModel {
  return {
    method: 'POST',
    path: `/landfall/${name}`,
    status: 200,
    input: `${name}Request`,
    output: `${name}Response`,
    errors: [...COMMON_ERRORS, ...errors],
  };
}
