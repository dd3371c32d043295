/**
 * The client's half of the handshake: structured replies and `base:allocation` where the server has them,
 * then GO.
 */
import { OperationError } from '@landfall/runtime';
import { u32 } from './byte-reader.ts';
import { type ByteStream, readRest } from './byte-stream.ts';
import {
  decodeGreeting,
  decodeInfoReply,
  decodeMetaContext,
  decodeOptionReplyHeader,
  encodeInfoRequest,
  encodeMetaContextRequest,
  encodeOption,
  GREETING_BYTES,
  type InfoReply,
  OPTION_REPLY_HEADER_BYTES,
} from './handshake-codec.ts';
import { BASE_ALLOCATION, INFO, isErrorReply, OPTION, PAYLOAD_BYTES_MAX, REPLY } from './protocol.ts';
import { protocolViolation } from './protocol-violation.ts';
import { connectionLost } from './tcp-stream.ts';

/** Replies to one option beyond this end the connection. */
const REPLIES_MAX = 1000;

export interface Agreement {
  readonly sizeBytes: number;
  readonly transmissionFlags: number;
  readonly payloadBytesMax: number;
  readonly structuredReplies: boolean;
  /** The context of `base:allocation`, when the server tells allocation. */
  readonly allocationId: number | undefined;
}

interface OptionReply {
  readonly type: number;
  readonly payload: Buffer;
}

export async function agree(stream: ByteStream, exportName: string): Promise<Agreement> {
  const greeting = await stream.next(GREETING_BYTES);
  if (greeting === undefined) throw connectionLost('the server hung up before its greeting');
  const serverFlags = decodeGreeting(greeting);
  // The client's flags have the same bits; what the server does not offer may not be asked for.
  await stream.write(u32(serverFlags & 3));
  const structuredReplies = await askStructuredReplies(stream);
  const allocationId = structuredReplies ? await askAllocation(stream, exportName) : undefined;
  const facts = await go(stream, exportName);
  return { ...facts, structuredReplies, allocationId };
}

async function askStructuredReplies(stream: ByteStream): Promise<boolean> {
  const replies = await ask(stream, OPTION.STRUCTURED_REPLY);
  return replies.at(-1)?.type === REPLY.ACK;
}

async function askAllocation(stream: ByteStream, exportName: string): Promise<number | undefined> {
  const payload = encodeMetaContextRequest({ exportName, queries: [BASE_ALLOCATION] });
  const replies = await ask(stream, OPTION.SET_META_CONTEXT, payload);
  if (replies.at(-1)?.type !== REPLY.ACK) return undefined;
  const contexts = replies.filter(({ type }) => type === REPLY.META_CONTEXT);
  const names = contexts.map((reply) => decodeMetaContext(reply.payload));
  return names.find((context) => context?.name === BASE_ALLOCATION)?.contextId;
}

async function go(stream: ByteStream, exportName: string) {
  const payload = encodeInfoRequest({ exportName, wanted: [INFO.BLOCK_SIZE] });
  const replies = await ask(stream, OPTION.GO, payload);
  const last = replies.at(-1);
  if (last?.type !== REPLY.ACK) throw refused(exportName, last);
  const infos = replies.slice(0, -1).map((reply) => decodeInfo(reply));
  const facts = infos.find((info) => info.kind === 'EXPORT');
  if (facts?.kind !== 'EXPORT') throw protocolViolation('the server did not tell the size of the export');
  const sizes = infos.find((info) => info.kind === 'BLOCK_SIZE');
  const payloadBytesMax = sizes?.kind === 'BLOCK_SIZE' ? sizes.payloadBytesMax : PAYLOAD_BYTES_MAX;
  return { sizeBytes: facts.sizeBytes, transmissionFlags: facts.transmissionFlags, payloadBytesMax };
}

function decodeInfo({ type, payload }: OptionReply): InfoReply {
  const info = type === REPLY.INFO ? decodeInfoReply(payload) : undefined;
  if (info === undefined) throw protocolViolation('an information about the export is malformed');
  return info;
}

/** All replies to one option; the last is ACK or an error. */
async function ask(stream: ByteStream, option: number, payload?: Buffer): Promise<OptionReply[]> {
  await stream.write(encodeOption(option, payload));
  const replies: OptionReply[] = [];
  while (replies.length < REPLIES_MAX) {
    const reply = await readReply(stream, option);
    replies.push(reply);
    if (reply.type === REPLY.ACK || isErrorReply(reply.type)) return replies;
  }
  throw protocolViolation(`more than ${REPLIES_MAX} replies to option ${option}`);
}

async function readReply(stream: ByteStream, option: number): Promise<OptionReply> {
  const header = decodeOptionReplyHeader(await readRest(stream, OPTION_REPLY_HEADER_BYTES));
  if (header.option !== option) throw protocolViolation(`option ${header.option} was answered unasked`);
  return { type: header.type, payload: await readRest(stream, header.lengthBytes) };
}

function refused(exportName: string, reply: OptionReply | undefined): OperationError {
  const text = reply?.payload.toString() || `error reply ${reply?.type}`;
  const message = `the NBD server does not give the export ${JSON.stringify(exportName)}: ${text}`;
  return new OperationError('NBD_EXPORT_REFUSED', message, {
    hint: 'list what the server exports with: nbdinfo --list URI',
    context: { exportName },
  });
}
