import { type ApiResponse, encodeOutput } from './messages/encode-response.ts';
import { validateInput } from './messages/validate-input.ts';
import type { Handlers, Operation, OperationName } from './operations.ts';
import type { ServiceName } from './service-model.ts';

export interface DispatchOptions<Service extends ServiceName, Context> {
  readonly handlers: Handlers<Service, Context>;
  readonly context: Context;
  readonly requestId: string;
}

/**
 * Validates, calls the handler of the operation, encodes its output. Rejects with what the handler threw:
 * `encodeError`.
 */
export async function dispatch<Service extends ServiceName, Name extends OperationName<Service>, Context>(
  operation: Operation<Service, Name>,
  value: unknown,
  options: DispatchOptions<Service, Context>,
): Promise<ApiResponse> {
  const input = validateInput(operation, value);
  const handler = options.handlers[operation.name];
  const output = await handler(input, options.context);
  return encodeOutput(operation, output, options.requestId);
}
