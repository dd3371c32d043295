/**
 * The JSON of control messages, both ways. What comes in is checked field by field: anything missing, of
 * another kind or past its maximum is FRAME_MALFORMED. Fields we do not know are ignored, so that a newer
 * peer may add some.
 */
import { CONSISTENCIES, type Consistency } from '@landfall/model';
import { assert, OperationError } from '@landfall/runtime';
import {
  type Abandon,
  type CommitMessage,
  DISKS_MAX,
  type Durable,
  FEATURES_MAX,
  HASHES_COUNT_MAX,
  type HashesRequest,
  type Hello,
  type HelloDisk,
  type LaneMessage,
  type LaneOpen,
  type Message,
  type Ping,
  type Pong,
  PROTOCOL_VERSIONS_MAX,
  type Probed,
  RESEND_EXTENTS_MAX,
  type Refuse,
  type Resend,
  type ResendExtent,
  type Section,
  TEXT_LENGTH_MAX,
  type Welcome,
} from './messages.ts';

export type ControlMessage =
  | Hello
  | Welcome
  | Refuse
  | CommitMessage
  | Durable
  | Abandon
  | HashesRequest
  | Ping
  | Pong
  | Probed
  | Resend
  | LaneMessage
  | LaneOpen
  | Section;

type Fields = Readonly<Record<string, unknown>>;

export function controlPayload(message: ControlMessage): string {
  const { type: _type, ...fields } = message;
  return JSON.stringify(fields, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    return typeof value === 'string' ? value.slice(0, TEXT_LENGTH_MAX) : value;
  });
}

/** Errors: FRAME_MALFORMED. */
export function parseControl(type: ControlMessage['type'], text: string): ControlMessage {
  const fields = parseFields(type, text);
  return PARSERS[type](fields);
}

const PARSERS: { readonly [Type in ControlMessage['type']]: (fields: Fields) => ControlMessage } = {
  HELLO: (fields) => ({
    type: 'HELLO',
    protocolVersions: list(fields, 'protocolVersions', PROTOCOL_VERSIONS_MAX).map((version) =>
      wholeNumber({ version }, 'version'),
    ),
    sourceServerId: text(fields, 'sourceServerId'),
    agentVersion: text(fields, 'agentVersion'),
    disks: list(fields, 'disks', DISKS_MAX).map(parseHelloDisk),
    ...(fields.features === undefined ? {} : { features: featuresOf(fields) }),
    ...(fields.lanes === undefined ? {} : { lanes: wholeNumber(fields, 'lanes') }),
  }),
  WELCOME: (fields) => ({
    type: 'WELCOME',
    protocolVersion: wholeNumber(fields, 'protocolVersion'),
    journalId: text(fields, 'journalId'),
    lastEpoch: wholeNumber(fields, 'lastEpoch'),
    disks: list(fields, 'disks', DISKS_MAX).map(record).map(parseWelcomeDisk),
    ...laneFields(fields),
  }),
  REFUSE: (fields) => ({
    type: 'REFUSE',
    code: text(fields, 'code'),
    message: text(fields, 'message'),
    ...(fields.hint === undefined ? {} : { hint: text(fields, 'hint') }),
    retryable: truth(fields, 'retryable'),
  }),
  COMMIT: (fields) => ({
    type: 'COMMIT',
    epoch: wholeNumber(fields, 'epoch', 1),
    cutTimeMs: wholeNumber(fields, 'cutTimeMs'),
    cutMonotonicNs: nanoseconds(fields, 'cutMonotonicNs'),
    consistency: consistencyOf(fields),
    extentCount: wholeNumber(fields, 'extentCount'),
  }),
  DURABLE: (fields) => ({ type: 'DURABLE', epoch: wholeNumber(fields, 'epoch', 1) }),
  ABANDON: () => ({ type: 'ABANDON' }),
  HASHES_REQUEST: (fields) => ({
    type: 'HASHES_REQUEST',
    requestId: wholeNumber(fields, 'requestId', 0, 0xffff_ffff),
    diskIndex: wholeNumber(fields, 'diskIndex', 0, DISKS_MAX - 1),
    firstChunk: wholeNumber(fields, 'firstChunk'),
    count: wholeNumber(fields, 'count', 1, HASHES_COUNT_MAX),
    ...(fields.fresh === undefined ? {} : { fresh: truth(fields, 'fresh') }),
  }),
  PING: (fields) => ({ type: 'PING', token: wholeNumber(fields, 'token'), ...stagingFields(fields) }),
  PONG: (fields) => ({ type: 'PONG', token: wholeNumber(fields, 'token') }),
  PROBED: (fields) => ({ type: 'PROBED', bytes: wholeNumber(fields, 'bytes') }),
  RESEND: (fields) => ({
    type: 'RESEND',
    extents: list(fields, 'extents', RESEND_EXTENTS_MAX).map(record).map(parseResendExtent),
  }),
  LANE: (fields) => ({ type: 'LANE', token: text(fields, 'token') }),
  LANE_OPEN: () => ({ type: 'LANE_OPEN' }),
  SECTION: (fields) => ({
    type: 'SECTION',
    section: wholeNumber(fields, 'section', 1),
    ...(fields.laneMessages === undefined ? {} : { laneMessages: wholeNumber(fields, 'laneMessages') }),
  }),
};

function parseResendExtent(fields: Fields): ResendExtent {
  return {
    diskIndex: wholeNumber(fields, 'diskIndex', 0, DISKS_MAX - 1),
    offsetBytes: wholeNumber(fields, 'offsetBytes'),
    lengthBytes: wholeNumber(fields, 'lengthBytes', 1),
  };
}

function featuresOf(fields: Fields): readonly string[] {
  return list(fields, 'features', FEATURES_MAX).map((feature) => text({ feature }, 'feature'));
}

function laneFields(fields: Fields): Pick<Welcome, 'lanes' | 'laneToken'> {
  if (fields.lanes === undefined) return {};
  return { lanes: wholeNumber(fields, 'lanes'), laneToken: text(fields, 'laneToken') };
}

function stagingFields(fields: Fields): Pick<Ping, 'storedBytes' | 'storeBusyMs'> {
  if (fields.storedBytes === undefined) return {};
  return { storedBytes: wholeNumber(fields, 'storedBytes'), storeBusyMs: wholeNumber(fields, 'storeBusyMs') };
}

function parseHelloDisk(value: unknown): HelloDisk {
  const fields = record(value);
  return {
    diskId: text(fields, 'diskId'),
    deviceName: text(fields, 'deviceName'),
    sizeBytes: wholeNumber(fields, 'sizeBytes', 1),
    ...(fields.joining === undefined ? {} : { joining: truth(fields, 'joining') }),
  };
}

function parseWelcomeDisk(fields: Fields): Welcome['disks'][number] {
  return { diskId: text(fields, 'diskId'), empty: truth(fields, 'empty') };
}

function parseFields(type: string, json: string): Fields {
  try {
    return record(JSON.parse(json));
  } catch (cause) {
    if (cause instanceof OperationError) throw cause;
    throw malformed(`the ${type} message is not JSON`, cause);
  }
}

function record(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw malformed('a control message is not an object');
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value.length <= TEXT_LENGTH_MAX) return value;
  throw malformed(`${name} is not a text of at most ${TEXT_LENGTH_MAX} characters`);
}

function truth(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value === 'boolean') return value;
  throw malformed(`${name} is neither true nor false`);
}

function wholeNumber(fields: Fields, name: string, minimum = 0, maximum = Number.MAX_SAFE_INTEGER): number {
  const value = fields[name];
  if (Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum)
    return Number(value);
  throw malformed(`${name} is not a whole number from ${minimum} to ${maximum}`);
}

function nanoseconds(fields: Fields, name: string): bigint {
  const value = fields[name];
  if (typeof value === 'string' && /^\d{1,19}$/.test(value)) return BigInt(value);
  throw malformed(`${name} is not a number of nanoseconds`);
}

function list(fields: Fields, name: string, lengthMax: number): readonly unknown[] {
  const value = fields[name];
  if (Array.isArray(value) && value.length > 0 && value.length <= lengthMax) return value;
  throw malformed(`${name} is not a list of 1 to ${lengthMax}`);
}

function consistencyOf(fields: Fields): Consistency {
  const known = CONSISTENCIES.find((consistency) => consistency === fields.consistency);
  if (known !== undefined) return known;
  throw malformed(`consistency is none of ${CONSISTENCIES.join(', ')}`);
}

export function malformed(why: string, cause?: unknown): OperationError {
  return new OperationError('FRAME_MALFORMED', `the peer sent a message that cannot be read: ${why}`, {
    hint: 'check that agent and replication server are of compatible versions',
    cause,
  });
}

export function isControl(message: Message): message is ControlMessage {
  assert(message.type in PARSERS || BINARY.has(message.type), `every message has a form: ${message.type}`);
  return message.type in PARSERS;
}

const BINARY = new Set<string>(['EXTENT', 'ZEROES', 'HASHES', 'PROBE']);
