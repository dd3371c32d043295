/**
 * The server's half of the handshake: greets, then answers options until the client has chosen an export or
 * leaves.
 */
import type { ByteStream } from './byte-stream.ts';
import { readRest } from './byte-stream.ts';
import type { ExportHolder } from './export-holder.ts';
import {
  CLIENT_FLAGS_BYTES,
  decodeClientFlags,
  decodeOptionHeader,
  encodeGreeting,
  OPTION_HEADER_BYTES,
} from './handshake-codec.ts';
import { protocolViolation } from './protocol-violation.ts';
import { answerOption, type ChosenExport, type Option, type Session } from './server-options.ts';

/** A client that wants to know everything of every export of a large server still needs far fewer. */
const OPTIONS_MAX = 10_000;

export interface Negotiated extends ChosenExport {
  readonly structuredReplies: boolean;
  /** Whether BLOCK_STATUS may be asked. */
  readonly allocation: boolean;
}

/** `undefined` when the client leaves, or asks by EXPORT_NAME for what there is not. */
export async function negotiate(stream: ByteStream, holder: ExportHolder): Promise<Negotiated | undefined> {
  await stream.write(encodeGreeting());
  const flags = await stream.next(CLIENT_FLAGS_BYTES);
  if (flags === undefined) return undefined;
  const { noZeroes } = decodeClientFlags(flags);
  let session: Session = { noZeroes, structuredReplies: false, allocationOf: undefined };
  for (let count = 0; count < OPTIONS_MAX; count += 1) {
    const asked = await readOption(stream);
    if (asked === undefined) return undefined;
    const answer = await answerOption(asked, session, holder);
    session = answer.session;
    if (answer.replies.length > 0) await stream.write(...answer.replies);
    if (answer.next === 'END') return undefined;
    if (answer.next !== 'OPTIONS') return negotiated(answer.next.transmit, session);
  }
  throw protocolViolation(`the client sent more than ${OPTIONS_MAX} options`);
}

function negotiated(chosen: ChosenExport, session: Session): Negotiated {
  const allocation = session.allocationOf === chosen.exportName;
  return { ...chosen, structuredReplies: session.structuredReplies, allocation };
}

async function readOption(stream: ByteStream): Promise<Option | undefined> {
  const header = await stream.next(OPTION_HEADER_BYTES);
  if (header === undefined) return undefined;
  const { option, lengthBytes } = decodeOptionHeader(header);
  return { option, payload: await readRest(stream, lengthBytes) };
}
