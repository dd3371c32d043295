/**
 * Calls of the services that speak the query protocol, EC2 and STS: members as on the wire, `{"InstanceId":
 * ["i-…"]}` is `InstanceId.1`; answers as `readXml` has them, without the request id.
 *
 * R1 of `http-api-client.ts` holds here, too.
 */
import { retry, systemClock } from '@landfall/runtime';
import { ApiError } from '../api-error.ts';
import { EC2_OPERATIONS, EC2_VERSION, type Ec2OperationName, ec2Operation } from '../ec2/ec2-operations.ts';
import { readXml, type XmlAnswer } from '../query/read-xml.ts';
import { STS_OPERATIONS, STS_VERSION } from '../sts-operations.ts';
import {
  type Answer,
  type ApiClientOptions,
  collect,
  invalidResponse,
  mayTryAgain,
  parseEndpoint,
  send,
} from './http-exchange.ts';

export type QueryServiceName = 'ec2' | 'sts';

export interface QueryCall {
  readonly service: QueryServiceName;
  /** One of `queryOperationNames`. */
  readonly name: string;
  readonly input: object;
}

export type QueryAnswer = Readonly<Record<string, XmlAnswer>>;

const ATTEMPTS_MAX = 4;
const BACKOFF = { initialMs: 100, maximumMs: 2000 };
const FORM = 'application/x-www-form-urlencoded; charset=utf-8';
const VERSIONS: Readonly<Record<QueryServiceName, string>> = { ec2: EC2_VERSION, sts: STS_VERSION };

export function queryOperationNames(service: QueryServiceName): readonly string[] {
  return Object.keys(service === 'ec2' ? EC2_OPERATIONS : STS_OPERATIONS);
}

export function callQuery(
  options: ApiClientOptions,
  { service, name, input }: QueryCall,
): Promise<QueryAnswer> {
  const endpoint = parseEndpoint(options.endpoint);
  const parameters = [['Action', name], ['Version', VERSIONS[service]], ...parametersOf(input, '')];
  const body = new URLSearchParams(parameters as [string, string][]).toString();
  const headers = { 'content-type': FORM };
  const attempt = async () => {
    const form = { method: 'POST', rawPath: '/', rawQuery: '', body, headers };
    return readAnswer(name, await collect(endpoint, await send(endpoint, options, service, form)));
  };
  // A session that is made twice is no harm.
  const isRead = service === 'sts' || ec2Operation(name as Ec2OperationName).readonly === true;
  const isRetryable = (error: unknown) => mayTryAgain(error, isRead);
  const clock = options.clock ?? systemClock;
  return retry(attempt, { attemptsMax: ATTEMPTS_MAX, backoff: BACKOFF, isRetryable, clock });
}

function parametersOf(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object') return [[path, String(value)]];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, member]) => {
    const part = isList ? String(Number(key) + 1) : key;
    return parametersOf(member, path === '' ? part : `${path}.${part}`);
  });
}

function readAnswer(name: string, { status, headers, text }: Answer): QueryAnswer {
  const document = readXml(text.trim());
  const content = membersOf(document?.value);
  if (document?.name === `${name}Response` && status === 200) {
    const { requestId: _ec2, ResponseMetadata: _sts, ...members } = content;
    return membersOf(members[`${name}Result`] ?? members);
  }
  const error = membersOf(content.Error ?? membersOf(content.Errors).Error);
  if (typeof error.Code !== 'string') {
    throw invalidResponse(`The endpoint answered ${status} with something that is no answer to ${name}.`);
  }
  const requestId = headers['x-amzn-requestid'];
  const message = typeof error.Message === 'string' ? error.Message : `The endpoint answered ${status}.`;
  const known = typeof requestId === 'string' ? { requestId } : {};
  throw new ApiError(error.Code, status, message, known);
}

function membersOf(value: XmlAnswer | undefined): QueryAnswer {
  return typeof value === 'object' && !Array.isArray(value) ? (value as QueryAnswer) : {};
}
