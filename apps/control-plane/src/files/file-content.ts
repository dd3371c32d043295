/**
 * What a launch host gives out, piece by piece: the next is asked for when the reader has taken the one
 * before, so two pieces are in memory at most. A piece that did not come in time is asked for again. A reader
 * that goes away ends the transfer.
 */
import type { FilePiece } from '@landfall/channel';
import { describeError, retry } from '@landfall/runtime';
import { askProgram, isAway } from '../operations/ask-program.ts';
import type { Service } from '../service.ts';
import type { ReadyTree } from './open-tree.ts';

export interface ContentOptions {
  readonly tree: ReadyTree;
  readonly transferId: string;
  /** For the log: who fetches what. */
  readonly facts: Readonly<Record<string, unknown>>;
}

const RENEWED_EVERY_MS = 2 * 60_000;
const ZEROES = Buffer.alloc(256 * 1024);
const BEGUN = new Uint8Array();
const ATTEMPTS_MAX = 5;
const BACKOFF = { initialMs: 200, maximumMs: 2000 };

/** The transfer has begun, and ends with what this gives, read or not. */
export async function readContent(
  service: Service,
  options: ContentOptions,
): Promise<AsyncGenerator<Uint8Array>> {
  const content = read(service, options);
  // A generator that nobody has begun would end nothing.
  await content.next();
  return content;
}

async function* read(service: Service, options: ContentOptions): AsyncGenerator<Uint8Array> {
  const { tree, transferId, facts } = options;
  const { clock, log } = service;
  let bytes = 0;
  let outcome = 'cancelled';
  let renewedMs = clock.nowMs();
  try {
    yield BEGUN;
    for (let sequence = 0; ; sequence += 1) {
      const piece = await askPiece(service, options, sequence);
      for (const content of contentOf(piece)) {
        yield content;
        bytes += content.length;
      }
      if (piece.isLast) break;
      if (clock.nowMs() - renewedMs < RENEWED_EVERY_MS) continue;
      await tree.renew();
      renewedMs = clock.nowMs();
    }
    outcome = 'complete';
  } catch (error) {
    outcome = describeError(error);
    throw error;
  } finally {
    log.info('recovery-point-file-sent', { ...facts, transferId, bytes, outcome });
    await endTransfer(service, tree, transferId);
  }
}

/** A launch host keeps a piece until it is asked for the next. */
function askPiece(
  service: Service,
  { tree, transferId }: ContentOptions,
  sequence: number,
): Promise<FilePiece> {
  const ask = () => askProgram(service, tree.host, 'readFileTransfer', { transferId, sequence });
  const { clock } = service;
  return retry(ask, { attemptsMax: ATTEMPTS_MAX, backoff: BACKOFF, isRetryable: isAway, clock });
}

/** One that cannot be ended now ends by itself. */
export async function endTransfer(service: Service, { host }: ReadyTree, transferId: string): Promise<void> {
  try {
    await askProgram(service, host, 'endFileTransfer', { transferId });
  } catch (error) {
    service.log.warn('file-transfer-not-ended', { transferId, explanation: describeError(error) });
  }
}

function* contentOf({ contentBase64, zeroBytes = 0 }: FilePiece): Generator<Uint8Array> {
  if (contentBase64 !== undefined) yield Buffer.from(contentBase64, 'base64');
  for (let left = zeroBytes; left > 0; left -= ZEROES.length)
    yield ZEROES.subarray(0, Math.min(left, ZEROES.length));
}
