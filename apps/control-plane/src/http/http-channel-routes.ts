/**
 * The private protocol: enrolment with a token, everything else with the client certificate of an enrolled
 * program.
 *
 * H1 A program is known before its body is read: a stranger cannot make us take in a large one.
 */
import { createHash } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { ChannelFailure, CommandList, ConfigurationByRole, ProgramRole } from '@landfall/channel';
import { describeError, OperationError } from '@landfall/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkEnrolmentRequest, checkPoll, checkReport, checkResult } from '../channel/check-message.ts';
import { enrol } from '../channel/enrolment.ts';
import { observeAgent } from '../channel/observe-agent.ts';
import { observeLaunchHost } from '../channel/observe-launch-host.ts';
import { observeReplicationServer } from '../channel/observe-replication-server.ts';
import type { Service } from '../service.ts';
import { findProgram, type ProgramRecord } from '../store/programs.ts';
import { parseJsonBody } from './http-body.ts';

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
  BODY_TOO_LARGE: 413,
};

export interface ChannelRoutesOptions {
  readonly service: Service;
  /** Ends the polls that wait. */
  readonly closing: AbortSignal;
}

const programs = new WeakMap<FastifyRequest, ProgramRecord>();

export function registerChannelRoutes(
  app: FastifyInstance,
  { service, closing }: ChannelRoutesOptions,
): void {
  app.setErrorHandler((error, request, reply) => sendFailure(service, error, request, reply));
  app.post('/enrol', async (request) => enrol(service, checkEnrolmentRequest(parseJsonBody(request.body))));
  app.register(async (known) => {
    known.addHook('onRequest', async (request) => {
      programs.set(request, await authenticate(service, request));
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

/** Our CA signed the certificate, the program is enrolled with exactly it, and was not revoked. */
async function authenticate({ store }: Service, request: FastifyRequest): Promise<ProgramRecord> {
  const { socket } = request.raw;
  const certificate =
    socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) throw certificateRequired();
  const fingerprint = createHash('sha256').update(certificate.raw).digest('hex');
  const programId = /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? '';
  const program = await findProgram(store.db, programId);
  if (
    program === undefined ||
    program.revokedAtMs !== null ||
    program.certificateFingerprint !== fingerprint
  ) {
    throw revoked(programId);
  }
  return program;
}

function programOf(request: FastifyRequest): ProgramRecord {
  const program = programs.get(request);
  if (program === undefined) throw certificateRequired();
  return program;
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

function certificateRequired(): OperationError {
  return new OperationError(
    'CERTIFICATE_REQUIRED',
    'this needs the client certificate of an enrolled program',
    {
      hint: 'enrol the program with a token first',
    },
  );
}

function revoked(programId: string): OperationError {
  return new OperationError('PROGRAM_REVOKED', `the certificate of ${programId} is no longer valid here`, {
    hint: 'another enrolment replaced it, or it was removed from the service; install the program again',
  });
}
