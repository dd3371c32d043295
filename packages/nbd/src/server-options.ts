/**
 * What the server answers to each option. A session is what was agreed so far; an answer has the replies,
 * the session after it, and whether options go on. Only the export's device is touched, through the holder.
 */
import { isWritable, type ReadableBlockDevice } from '@landfall/block';
import { decodeText, textField } from './byte-reader.ts';
import type { ExportHolder } from './export-holder.ts';
import {
  decodeInfoRequest,
  decodeMetaContextRequest,
  type ExportFacts,
  encodeBlockSizeInfo,
  encodeExportFacts,
  encodeExportInfo,
  encodeMetaContext,
  encodeNameInfo,
  encodeOptionReply,
  type MetaContextRequest,
} from './handshake-codec.ts';
import {
  BASE_ALLOCATION,
  BLOCK_BYTES_MIN,
  BLOCK_BYTES_PREFERRED,
  INFO,
  OPTION,
  PAYLOAD_BYTES_MAX,
  REPLY,
  TRANSMISSION_FLAG,
} from './protocol.ts';

export const BASE_ALLOCATION_ID = 1;
const EXPORT_NAME_ZEROES_BYTES = 124;

export interface Session {
  readonly noZeroes: boolean;
  readonly structuredReplies: boolean;
  /** The export `base:allocation` was agreed for; it holds for no other. */
  readonly allocationOf: string | undefined;
}

export interface ChosenExport {
  readonly exportName: string;
  readonly device: ReadableBlockDevice;
}

export interface OptionAnswer {
  readonly replies: readonly Buffer[];
  readonly session: Session;
  readonly next: 'OPTIONS' | 'END' | { readonly transmit: ChosenExport };
}

export interface Option {
  readonly option: number;
  readonly payload: Buffer;
}

type Answering = (asked: Option, session: Session, holder: ExportHolder) => Promise<OptionAnswer>;

const ANSWERS: Readonly<Record<number, Answering>> = {
  [OPTION.EXPORT_NAME]: answerExportName,
  [OPTION.ABORT]: async ({ option }, session) => ({ replies: [ack(option)], session, next: 'END' }),
  [OPTION.LIST]: answerList,
  [OPTION.INFO]: answerInfo,
  [OPTION.GO]: answerInfo,
  [OPTION.STRUCTURED_REPLY]: answerStructuredReply,
  [OPTION.LIST_META_CONTEXT]: answerMetaContext,
  [OPTION.SET_META_CONTEXT]: answerMetaContext,
};

export async function answerOption(
  asked: Option,
  session: Session,
  holder: ExportHolder,
): Promise<OptionAnswer> {
  const answering = ANSWERS[asked.option];
  if (answering !== undefined) return answering(asked, session, holder);
  return refuse(session, asked.option, REPLY.ERR_UNSUP, `option ${asked.option} is not supported`);
}

async function answerExportName(
  { payload }: Option,
  session: Session,
  holder: ExportHolder,
): Promise<OptionAnswer> {
  const exportName = decodeText(payload);
  const opened = exportName === undefined ? 'malformed' : await holder.tryOpen(exportName);
  if (exportName === undefined || typeof opened === 'string') return { replies: [], session, next: 'END' };
  const zeroes = Buffer.alloc(session.noZeroes ? 0 : EXPORT_NAME_ZEROES_BYTES);
  const facts = encodeExportFacts(exportFacts(opened, session));
  return { replies: [facts, zeroes], session, next: { transmit: { exportName, device: opened } } };
}

async function answerList(
  { option, payload }: Option,
  session: Session,
  holder: ExportHolder,
): Promise<OptionAnswer> {
  if (payload.length > 0) return refuse(session, option, REPLY.ERR_INVALID, 'LIST takes no payload');
  const names = await holder.exports.list();
  const servers = names.map((name) => encodeOptionReply(option, REPLY.SERVER, textField(name)));
  return goOn(session, ...servers, ack(option));
}

async function answerInfo(
  { option, payload }: Option,
  session: Session,
  holder: ExportHolder,
): Promise<OptionAnswer> {
  const request = decodeInfoRequest(payload);
  if (request === undefined) return refuse(session, option, REPLY.ERR_INVALID, 'the request is malformed');
  const { exportName, wanted } = request;
  const device = await holder.tryOpen(exportName);
  if (typeof device === 'string') return refuse(session, option, REPLY.ERR_UNKNOWN, device);
  const infos = [encodeExportInfo(exportFacts(device, session)), encodeBlockSizeInfo(BLOCK_SIZES)];
  if (wanted.includes(INFO.NAME)) infos.push(encodeNameInfo(exportName));
  const replies = [...infos.map((info) => encodeOptionReply(option, REPLY.INFO, info)), ack(option)];
  if (option === OPTION.INFO) return goOn(session, ...replies);
  return { replies, session, next: { transmit: { exportName, device } } };
}

async function answerStructuredReply({ option, payload }: Option, session: Session): Promise<OptionAnswer> {
  if (payload.length > 0) return refuse(session, option, REPLY.ERR_INVALID, 'the option takes no payload');
  return goOn({ ...session, structuredReplies: true }, ack(option));
}

async function answerMetaContext(
  { option, payload }: Option,
  session: Session,
  holder: ExportHolder,
): Promise<OptionAnswer> {
  const without = option === OPTION.SET_META_CONTEXT ? { ...session, allocationOf: undefined } : session;
  const request = decodeMetaContextRequest(payload);
  if (request === undefined) return refuse(without, option, REPLY.ERR_INVALID, 'the request is malformed');
  if (!session.structuredReplies) {
    return refuse(without, option, REPLY.ERR_INVALID, 'ask for structured replies first');
  }
  const device = await holder.tryOpen(request.exportName);
  if (typeof device === 'string') return refuse(without, option, REPLY.ERR_UNKNOWN, device);
  if (!selectsAllocation(option, request)) return goOn(without, ack(option));
  const context = encodeOptionReply(
    option,
    REPLY.META_CONTEXT,
    encodeMetaContext(BASE_ALLOCATION_ID, BASE_ALLOCATION),
  );
  const chosen = option === OPTION.SET_META_CONTEXT ? request.exportName : session.allocationOf;
  return goOn({ ...session, allocationOf: chosen }, context, ack(option));
}

/**
 * Listing without a query, or with a namespace alone, is asking for everything in it; setting needs the
 * whole name.
 */
function selectsAllocation(option: number, { queries }: MetaContextRequest): boolean {
  if (queries.includes(BASE_ALLOCATION)) return true;
  return option === OPTION.LIST_META_CONTEXT && (queries.length === 0 || queries.includes('base:'));
}

const BLOCK_SIZES = {
  minimumBytes: BLOCK_BYTES_MIN,
  preferredBytes: BLOCK_BYTES_PREFERRED,
  payloadBytesMax: PAYLOAD_BYTES_MAX,
};

function exportFacts(device: ReadableBlockDevice, session: Session): ExportFacts {
  const flag = TRANSMISSION_FLAG;
  let transmissionFlags = flag.HAS_FLAGS | flag.SEND_FLUSH | flag.SEND_FUA | flag.SEND_CACHE;
  if (session.structuredReplies) transmissionFlags |= flag.SEND_DF;
  if (isWritable(device)) transmissionFlags |= flag.SEND_TRIM | flag.SEND_WRITE_ZEROES;
  else transmissionFlags |= flag.READ_ONLY | flag.CAN_MULTI_CONN;
  return { sizeBytes: device.sizeBytes, transmissionFlags };
}

function ack(option: number): Buffer {
  return encodeOptionReply(option, REPLY.ACK);
}

function goOn(session: Session, ...replies: Buffer[]): OptionAnswer {
  return { replies, session, next: 'OPTIONS' };
}

function refuse(session: Session, option: number, type: number, text: string): OptionAnswer {
  return goOn(session, encodeOptionReply(option, type, Buffer.from(text)));
}
