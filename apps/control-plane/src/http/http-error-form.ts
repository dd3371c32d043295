/**
 * Errors in the form their sender reads: the query protocol's services have XML of their own, all else is
 * JSON. Which it is, the request says of itself, proven or not.
 */
import { type ApiError, type ApiResponse, encodeEc2Error, encodeError } from '@landfall/api';
import type { FastifyRequest } from 'fastify';
import { encodeStsError } from './http-sts.ts';

type Encoder = (error: ApiError, requestId: string) => ApiResponse;

const ENCODERS: ReadonlyMap<string, Encoder> = new Map([
  ['ec2', encodeEc2Error],
  ['sts', encodeStsError],
]);

const SCOPE = /^AWS4-HMAC-SHA256 +Credential=[^/,]+\/\d{8}\/[\w-]+\/([\w-]+)\/aws4_request,/;

export function encodeErrorFor(
  { id, headers }: Pick<FastifyRequest, 'id' | 'headers'>,
  error: ApiError,
): ApiResponse {
  const [, service = ''] = SCOPE.exec(headers.authorization ?? '') ?? [];
  const encode = ENCODERS.get(service) ?? encodeError;
  return encode(error, id);
}
