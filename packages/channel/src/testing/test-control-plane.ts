/**
 * Tests only: the smallest control plane that speaks the channel protocol for real, over HTTPS with
 * certificates of its own authority. The test decides configurations and sends commands; everything is kept
 * in memory.
 */
import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { OperationError, systemClock } from '@landfall/runtime';
import { encodeEnrolmentToken } from '../enrolment-token.ts';
import type {
  ChannelFailure,
  CommandEnvelope,
  CommandPoll,
  CommandResult,
  ConfigurationByRole,
  EnrolmentRequest,
  ProgramRole,
  RenewalRequest,
  ReplicationServerConfiguration,
} from '../messages.ts';
import { CONTROL_PLANE_NAME, createTestAuthority, type TestAuthority } from './test-authority.ts';

import {
  acceptCertificate,
  fingerprintOf,
  isAcceptedEverywhere,
  type ProgramCertificate,
  renewalAnswer,
  renewCertificate,
  withCertificates,
} from './test-certificates.ts';

export { CONTROL_PLANE_NAME } from './test-authority.ts';

export interface EnrolledProgram {
  readonly programId: string;
  readonly request: EnrolmentRequest;
  /** SHA-256 of the certificate's DER, hexadecimal. */
  readonly certificateFingerprint: string;
}

export interface TestControlPlane {
  readonly caPem: string;
  readonly url: string;
  readonly token: string;
  /** Names the control plane in a way that only a proxy can resolve. */
  readonly tokenByName: string;
  readonly programs: Map<string, EnrolledProgram>;
  /** The newest report of each program, and how many there were. */
  readonly reports: Map<string, { readonly body: unknown; readonly count: number }>;
  /** How often each command id was answered. */
  readonly resultCounts: Map<string, number>;
  /** Of the certificate each program is known by now. */
  readonly certificates: Map<string, ProgramCertificate>;
  /** The program's certificate counts as expired: it is told so until it has renewed it. */
  expire(programId: string): void;
  /** What a program is answered to its report. Without an entry: nothing to do yet. */
  readonly configurations: Map<string, unknown>;
  /** Sends a command, again at every poll until it is answered. Errors: those the program answers. */
  command(programId: string, name: string, input: unknown): Promise<unknown>;
  /** Drops all connections and stops listening; `listen` comes back on the same port. */
  stopListening(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

interface PendingCommand {
  readonly envelope: CommandEnvelope;
  readonly settle: (result: CommandResult) => void;
}

interface State {
  readonly authority: TestAuthority;
  readonly secret: string;
  readonly programs: Map<string, EnrolledProgram>;
  readonly reports: Map<string, { readonly body: unknown; readonly count: number }>;
  readonly resultCounts: Map<string, number>;
  readonly certificates: Map<string, ProgramCertificate>;
  readonly configurations: Map<string, unknown>;
  readonly commands: Map<string, Map<string, PendingCommand>>;
}

const PREFIX_BY_ROLE = { agent: 's-', 'replication-server': 'rs-', 'launch-host': 'lh-' } as const;
const CONFIGURATION_BY_ROLE = {
  agent: { desired: 'REPLICATE', bandwidthThrottlingMbps: 0, epochIntervalMs: 100 },
  'replication-server': { servers: [] },
  'launch-host': {},
} as const satisfies ConfigurationByRole;
const POLL_STEP_MS = 20;

export async function createTestControlPlane(): Promise<TestControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-control-plane-'));
  const authority = await createTestAuthority(folder);
  const identity = await authority.createServerIdentity();
  const state = createState(authority);
  let server: Server | undefined;
  let port = 0;
  const listen = async () => {
    const tls = { cert: identity.certificatePem, key: identity.keyPem, ca: authority.caPem };
    server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    server.on('request', (request, response) => {
      answer(state, request).then((body) => {
        response.writeHead(body.status, { 'content-type': body.type });
        response.end(body.text);
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) port = address.port;
  };
  const stopListening = async () => {
    const closing = server;
    if (closing === undefined) return;
    server = undefined;
    const closed = once(closing, 'close');
    closing.close();
    closing.closeAllConnections();
    await closed;
  };
  await listen();
  const url = `https://127.0.0.1:${port}`;
  const caFingerprint = fingerprintOf(authority.caPem);
  const tokenFor = (controlPlaneUrl: string) =>
    encodeEnrolmentToken({ controlPlaneUrl, caFingerprint, secret: state.secret });
  return {
    ...state,
    caPem: authority.caPem,
    url,
    token: tokenFor(url),
    tokenByName: tokenFor(`https://${CONTROL_PLANE_NAME}:${port}`),
    expire: (programId) => {
      const known = state.certificates.get(programId);
      if (known !== undefined) state.certificates.set(programId, { ...known, isExpired: true });
    },
    command: (programId, name, input) =>
      sendCommand(state, programId, { commandId: randomUUID(), name, input }),
    stopListening,
    listen,
    close: async () => {
      await stopListening();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function createState(authority: TestAuthority): State {
  return {
    authority,
    secret: randomUUID(),
    programs: new Map(),
    reports: new Map(),
    resultCounts: new Map(),
    certificates: new Map(),
    configurations: new Map(),
    commands: new Map(),
  };
}

interface TextAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function answer(state: State, request: IncomingMessage): Promise<TextAnswer> {
  if (request.url === '/ca.pem') return { status: 200, type: 'text/plain', text: state.authority.caPem };
  try {
    const chunks: Buffer[] = await request.toArray();
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const text = JSON.stringify(await route(state, request, body));
    return { status: 200, type: 'application/json', text };
  } catch (error) {
    const { code, message, retryable } = error instanceof OperationError ? error : unexpected(error);
    const failure: ChannelFailure = { error: { code, message, retryable } };
    return { status: 403, type: 'application/json', text: JSON.stringify(failure) };
  }
}

function unexpected(error: unknown): { code: string; message: string; retryable: boolean } {
  return { code: 'INTERNAL_ERROR', message: String(error), retryable: true };
}

async function route(state: State, request: IncomingMessage, body: unknown): Promise<unknown> {
  if (request.url === '/channel/enrol') return enrolProgram(state, body as EnrolmentRequest);
  const { programId, certificate } = callerOf(state, request);
  if (certificate.isExpired === true && request.url !== '/channel/renew')
    throw new OperationError('CERTIFICATE_EXPIRED', 'the certificate has expired', { retryable: true });
  switch (request.url) {
    case '/channel/report': {
      const count = (state.reports.get(programId)?.count ?? 0) + 1;
      state.reports.set(programId, { body, count });
      return configurationOf(state, programId);
    }
    case '/channel/renew': {
      const renewed = await renewCertificate(state.authority, certificate, body as RenewalRequest);
      state.certificates.set(programId, renewed);
      const reports = [...state.reports.values()].map((report) => report.body);
      return renewalAnswer(state.authority, renewed, (fingerprint) =>
        isAcceptedEverywhere(reports, programId, fingerprint),
      );
    }
    case '/channel/commands':
      return poll(state, programId, { ...(body as CommandPoll), isLeft: () => request.socket.destroyed });
    case '/channel/results':
      return takeResult(state, programId, body as CommandResult);
    default:
      throw new OperationError('REQUEST_INVALID', `no ${request.url} here`);
  }
}

function roleOf(state: State, programId: string): ProgramRole {
  return state.programs.get(programId)?.request.role ?? 'launch-host';
}

function configurationOf(state: State, programId: string): unknown {
  const role = roleOf(state, programId);
  const configuration = state.configurations.get(programId) ?? CONFIGURATION_BY_ROLE[role];
  if (role !== 'replication-server') return configuration;
  return withCertificates(configuration as ReplicationServerConfiguration, state.certificates);
}

function callerOf(state: State, request: IncomingMessage) {
  const socket = request.socket as TLSSocket;
  const peer = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  const programId = /^CN=(.+)$/m.exec(peer?.subject ?? '')?.[1];
  if (peer === undefined || programId === undefined)
    throw new OperationError('CERTIFICATE_REQUIRED', 'a client certificate is needed');
  const certificate = acceptCertificate(state.certificates, programId, fingerprintOf(peer.toString()));
  return { programId, certificate };
}

async function enrolProgram(state: State, request: EnrolmentRequest) {
  if (request.token !== state.secret) throw new OperationError('TOKEN_INVALID', 'the token is not known');
  const signed = Buffer.from(`${request.token}\n${request.installId}`);
  const key = createPublicKey(request.publicKeyPem);
  if (!verify('sha256', signed, key, Buffer.from(request.proof, 'base64'))) {
    throw new OperationError('PROOF_INVALID', 'the proof of possession does not hold');
  }
  const digest = createHash('sha256').update(request.installId).digest('hex');
  const programId = PREFIX_BY_ROLE[request.role] + digest.slice(0, 17);
  const names = (request.addresses ?? []).map((address) => `IP:${address}`);
  const extensions = names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`];
  const subject = `/OU=${request.role}/CN=${programId}`;
  const certificatePem = await state.authority.issue(subject, request.publicKeyPem, extensions);
  const certificateFingerprint = fingerprintOf(certificatePem);
  state.programs.set(programId, { programId, request, certificateFingerprint });
  state.certificates.set(programId, { fingerprint: certificateFingerprint, extensions, subject });
  return { programId, certificatePem, caPem: state.authority.caPem };
}

async function poll(
  state: State,
  programId: string,
  { waitMs, isLeft }: CommandPoll & { isLeft: () => boolean },
) {
  for (let waitedMs = 0; ; waitedMs += POLL_STEP_MS) {
    const waiting = [...(state.commands.get(programId)?.values() ?? [])];
    if (waiting.length > 0 || waitedMs >= waitMs || isLeft()) {
      return { commands: waiting.map((command) => command.envelope) };
    }
    await systemClock.sleep(POLL_STEP_MS);
  }
}

function takeResult(state: State, programId: string, result: CommandResult) {
  const { commandId } = result;
  state.resultCounts.set(commandId, (state.resultCounts.get(commandId) ?? 0) + 1);
  const pending = state.commands.get(programId)?.get(commandId);
  state.commands.get(programId)?.delete(commandId);
  pending?.settle(result);
  return {};
}

function sendCommand(state: State, programId: string, envelope: CommandEnvelope): Promise<unknown> {
  const mine = state.commands.get(programId) ?? new Map<string, PendingCommand>();
  state.commands.set(programId, mine);
  return new Promise((resolve, reject) => {
    const settle = (result: CommandResult) => {
      if (result.ok) resolve(result.output);
      else reject(new OperationError(result.error.code, result.error.message, result.error));
    };
    mine.set(envelope.commandId, { envelope, settle });
  });
}
