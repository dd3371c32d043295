/**
 * The private protocol: enrolment with a token, everything else with the client certificate of an enrolled
 * program.
 *
 * H1 A program is known before its body is read: a stranger cannot make us take in a large one.
 */
import type { ChannelFailure, CommandList, ConfigurationByRole, ProgramRole } from '@landfall/channel';
import { describeError, OperationError } from '@landfall/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  checkEnrolmentRequest,
  checkPoll,
  checkRenewalRequest,
  checkReport,
  checkResult,
} from '../channel/check-message.ts';
import { enrol } from '../channel/enrolment.ts';
import { observeAgent } from '../channel/observe-agent.ts';
import { observeLaunchHost } from '../channel/observe-launch-host.ts';
import { observeReplicationServer } from '../channel/observe-replication-server.ts';
import { type Caller, renew } from '../channel/renewal.ts';
import type { Service } from '../service.ts';
import type { ProgramRecord } from '../store/programs.ts';
import { parseJsonBody } from './http-body.ts';
import { authenticate, authenticateForRenewal, certificateRequired } from './http-program.ts';

const POLL_WAIT_MS_MAX = 20_000;
/** Results carry console output and screenshots. */
const PROGRAM_BODY_BYTES_MAX = 16 * 1024 * 1024;

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  TOKEN_INVALID: 403,
  TOKEN_EXPIRED: 403,
  TOKEN_USED_UP: 403,
  PROOF_INVALID: 403,
  KEY_INVALID: 400,
  REQUEST_INVALID: 400,
  DISKS_UNSUPPORTED: 400,
  IDENTITY_IN_USE: 409,
  CERTIFICATE_REQUIRED: 401,
  PROGRAM_REVOKED: 403,
  CERTIFICATE_EXPIRED: 403,
  RENEWAL_IN_PROGRESS: 409,
  BODY_TOO_LARGE: 413,
};

export interface ChannelRoutesOptions {
  readonly service: Service;
  /** Ends the polls that wait. */
  readonly closing: AbortSignal;
}

const callers = new WeakMap<FastifyRequest, Caller>();

export function registerChannelRoutes(
  app: FastifyInstance,
  { service, closing }: ChannelRoutesOptions,
): void {
  app.setErrorHandler((error, request, reply) => sendFailure(service, error, request, reply));
  app.post('/enrol', async (request) => enrol(service, checkEnrolmentRequest(parseJsonBody(request.body))));
  app.register(async (known) => {
    known.addHook('onRequest', async (request) => {
      callers.set(request, await authenticateForRenewal(service, request));
    });
    known.post('/renew', async (request) =>
      renew(service, callerOf(request), checkRenewalRequest(parseJsonBody(request.body))),
    );
  });
  app.register(async (known) => {
    known.addHook('onRequest', async (request) => {
      callers.set(request, await authenticate(service, request));
    });
    const limits = { bodyLimit: PROGRAM_BODY_BYTES_MAX };
    known.post('/report', limits, async (request) => observe(service, programOf(request), request.body));
    known.post('/commands', limits, async (request, reply): Promise<CommandList> => {
      const { waitMs } = checkPoll(parseJsonBody(request.body));
      const gone = abortWhenGone(reply, closing);
      const { programId } = programOf(request);
      const limitMs = Math.min(waitMs, POLL_WAIT_MS_MAX);
      return { commands: await service.commands.poll(programId, limitMs, gone) };
    });
    known.post('/results', limits, async (request) => {
      const result = checkResult(parseJsonBody(request.body));
      service.commands.complete(programOf(request).programId, result);
      return {};
    });
  });
}

function observe(
  service: Service,
  { programId, role }: ProgramRecord,
  body: unknown,
): Promise<ConfigurationByRole[ProgramRole]> {
  const message = parseJsonBody(body);
  switch (role) {
    case 'agent':
      return observeAgent(service, programId, checkReport('agent', message));
    case 'replication-server':
      return observeReplicationServer(service, programId, checkReport('replication-server', message));
    case 'launch-host':
      return observeLaunchHost(service, programId, checkReport('launch-host', message));
  }
}

function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw certificateRequired();
  return caller;
}

function programOf(request: FastifyRequest): ProgramRecord {
  return callerOf(request).program;
}

function abortWhenGone(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, closing]);
}

function sendFailure(
  service: Service,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const known = asOperationError(error);
  const { code, message, hint, retryable } = known;
  const status = STATUS_BY_CODE[code] ?? (retryable ? 503 : 500);
  service.log.warn('channel-refused', {
    path: request.url,
    status,
    explanation: describeError(known),
    error,
  });
  const failure: ChannelFailure = {
    error: { code, message, retryable, ...(hint === undefined ? {} : { hint }) },
  };
  return reply.code(status).send(failure);
}

function asOperationError(error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return new OperationError('BODY_TOO_LARGE', 'the request is larger than it may be');
  if (typeof status === 'number' && status < 500) {
    return new OperationError('REQUEST_INVALID', 'the request could not be read', { cause: error });
  }
  return new OperationError('INTERNAL_ERROR', 'the control plane could not do this; its log says why', {
    hint: 'see the log of the control plane; please report this as a defect',
    retryable: true,
    cause: error,
  });
}
