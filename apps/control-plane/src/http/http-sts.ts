/**
 * The part of STS that clients of MGN use, in its query protocol: form in, XML out. GetCallerIdentity,
 * GetSessionToken, AssumeRole. Parameters that are not served are refused, because what they ask for (a
 * narrower policy, a second factor) would be silently missing.
 */
import {
  ApiError,
  type ApiResponse,
  isoDateTime,
  type QueryForm,
  readQueryForm,
  STS_OPERATIONS,
  STS_VERSION,
  type StsOperation,
  writeXmlDocument,
  type XmlMembers,
} from '@landfall/api';
import { denied } from '../identity/authorisation.ts';
import { type Caller, type Session, sealSession } from '../identity/callers.ts';
import { findIdentity } from '../identity/identities.ts';
import { assumedRoleArn, identityArn, uniqueId } from '../identity/identity-names.ts';
import { policiesOf } from '../identity/policies.ts';
import type { RequestContext } from '../identity/policy-conditions.ts';
import { parsePolicy } from '../identity/policy-document.ts';
import { evaluatePolicies, evaluateTrust } from '../identity/policy-evaluation.ts';
import type { Service } from '../service.ts';

const NAMESPACE = `https://sts.amazonaws.com/doc/${STS_VERSION}/`;
const SECRET_BYTES = 30;
const SESSION_TOKEN_SECONDS = { least: 900, most: 129_600, usual: 43_200 };
const ROLE_SECONDS = { least: 900, usual: 3600 };

export interface StsCall {
  readonly operation: StsOperation;
  readonly parameters: QueryForm;
}

export interface StsCaller {
  readonly caller: Caller;
  readonly context: RequestContext;
}

/** Of a form body or a query string. Throws ValidationException, MalformedQueryString. */
export function readStsCall(form: string): StsCall {
  const parameters = readQueryForm(form);
  const action = parameters.get('Action') ?? '';
  if (!Object.hasOwn(STS_OPERATIONS, action)) throw ApiError.unknownOperation();
  const operation = action as StsOperation;
  const allowed: readonly string[] = ['Action', 'Version', ...STS_OPERATIONS[operation]];
  const unknown = [...parameters.keys()].find((name) => !allowed.includes(name));
  if (unknown !== undefined) {
    throw ApiError.validation(`${operation} does not serve the parameter ${unknown} here.`);
  }
  return { operation, parameters };
}

/** The role of AssumeRole; `*` for the others. */
export function stsResource({ operation, parameters }: StsCall): string {
  return operation === 'AssumeRole' ? (parameters.get('RoleArn') ?? '*') : '*';
}

export async function answerSts(service: Service, call: StsCall, from: StsCaller): Promise<XmlMembers> {
  switch (call.operation) {
    case 'GetCallerIdentity': {
      const { arn, userId } = from.caller;
      return { Arn: arn, UserId: userId, Account: service.facts.accountId };
    }
    case 'GetSessionToken':
      return getSessionToken(service, call, from);
    case 'AssumeRole':
      return assumeRole(service, call, from);
  }
}

/** Needs no policy that allows it, as in AWS; one that denies it counts. */
async function getSessionToken(
  service: Service,
  call: StsCall,
  { caller, context }: StsCaller,
): Promise<XmlMembers> {
  if (caller.isTemporary) {
    throw ApiError.accessDenied('Cannot call GetSessionToken with session credentials');
  }
  const action = 'sts:GetSessionToken';
  const policies = await policiesOf(service.store.db, caller);
  const decision = evaluatePolicies(policies, { action, resource: '*', context });
  if (decision === 'EXPLICIT_DENY') throw denied({ caller, action }, '*', decision);
  const { least, most, usual } = SESSION_TOKEN_SECONDS;
  const seconds = readSeconds(call, { least, most, usual });
  const { kind, name, userId: identityId } = caller;
  return { Credentials: openSession(service, { kind, name, identityId, origin: caller.origin }, seconds) };
}

async function assumeRole(
  service: Service,
  call: StsCall,
  { caller, context }: StsCaller,
): Promise<XmlMembers> {
  const { accountId } = service.facts;
  const roleArn = call.parameters.get('RoleArn') ?? '';
  const sessionName = call.parameters.get('RoleSessionName') ?? '';
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw ApiError.validation('RoleSessionName must be 2 to 64 letters, digits or _+=,.@-');
  }
  const [, name = ''] = /^arn:aws:iam::\d{12}:role\/([\w+=,.@-]{1,64})$/.exec(roleArn) ?? [];
  const found = await findIdentity(service.store.db, 'role', name);
  const role = identityArn('role', name, accountId) === roleArn ? found : undefined;
  const request = { action: 'sts:AssumeRole', resource: roleArn, context };
  const policies = await policiesOf(service.store.db, caller);
  const own = evaluatePolicies(policies, request);
  if (role === undefined || own === 'EXPLICIT_DENY') {
    throw denied({ caller, action: request.action }, roleArn, own);
  }
  const trust = parsePolicy(role.trustPolicy ?? '', { kind: 'trust' });
  const identity = identityArn(caller.kind, caller.name, accountId);
  const named = evaluateTrust(trust, request, [identity]);
  /** Who names the account leaves it to the policies of its users. */
  const account = ['*', accountId, `arn:aws:iam::${accountId}:root`];
  const byAccount = evaluateTrust(trust, request, account);
  const isDenied = named === 'EXPLICIT_DENY' || byAccount === 'EXPLICIT_DENY';
  const isAllowed = named === 'ALLOW' || (byAccount === 'ALLOW' && own === 'ALLOW');
  if (isDenied || !isAllowed) throw denied({ caller, action: request.action }, roleArn, 'IMPLICIT_DENY');
  const seconds = readSeconds(call, { ...ROLE_SECONDS, most: role.maxSessionSeconds ?? ROLE_SECONDS.usual });
  const session = { kind: 'role', name, identityId: role.id, sessionName, origin: caller.origin } as const;
  return {
    Credentials: openSession(service, session, seconds),
    AssumedRoleUser: {
      AssumedRoleId: `${role.id}:${sessionName}`,
      Arn: assumedRoleArn(name, sessionName, accountId),
    },
  };
}

function openSession(
  { clock, random, vaults }: Service,
  holder: Omit<Session, 'accessKeyId' | 'secretAccessKey' | 'expiresAtMs'>,
  seconds: number,
): XmlMembers {
  const session: Session = {
    ...holder,
    accessKeyId: uniqueId('ASIA', random),
    secretAccessKey: random.bytes(SECRET_BYTES).toString('base64'),
    expiresAtMs: clock.nowMs() + seconds * 1000,
  };
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: sealSession(vaults.sessions, session),
    Expiration: isoDateTime(session.expiresAtMs),
  };
}

interface Lifetime {
  readonly least: number;
  readonly most: number;
  readonly usual: number;
}

function readSeconds({ parameters }: StsCall, { least, most, usual }: Lifetime): number {
  const text = parameters.get('DurationSeconds');
  if (text === undefined) return Math.min(usual, most);
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= least && seconds <= most) return seconds;
  throw ApiError.validation(`DurationSeconds must be a whole number from ${least} to ${most}.`);
}

export function encodeStsOutput(
  operation: StsOperation,
  members: XmlMembers,
  requestId: string,
): ApiResponse {
  const body = writeXmlDocument({
    name: `${operation}Response`,
    namespace: NAMESPACE,
    members: { [`${operation}Result`]: members, ResponseMetadata: { RequestId: requestId } },
  });
  return { status: 200, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body };
}

/** Names and statuses that STS has for what the rest of the API calls otherwise. */
const CODES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'AccessDenied',
  ExpiredTokenException: 'ExpiredToken',
  IncompleteSignatureException: 'IncompleteSignature',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MalformedQueryString: 'MalformedQueryString',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  ThrottlingException: 'Throttling',
  UnrecognizedClientException: 'InvalidClientTokenId',
  ValidationException: 'ValidationError',
};

export function encodeStsError(error: ApiError, requestId: string): ApiResponse {
  const { status, message, retryAfterSeconds } = error;
  const Type = status >= 500 ? 'Receiver' : 'Sender';
  const Code = CODES[error.name] ?? 'InternalFailure';
  const members = { Error: { Type, Code, Message: message }, RequestId: requestId };
  const headers: Record<string, string> = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
  return {
    status,
    headers,
    body: writeXmlDocument({ name: 'ErrorResponse', namespace: NAMESPACE, members }),
  };
}
