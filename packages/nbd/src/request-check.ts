/** Whether a request may be carried out, before anything is done for it. Pure. */
import { isWritable, type ReadableBlockDevice } from '@landfall/block';
import { COMMAND, COMMAND_FLAG, ERRNO, PAYLOAD_BYTES_MAX } from './protocol.ts';
import type { Request } from './transmission-codec.ts';

export interface Refusal {
  readonly errno: number;
  readonly text: string;
}

interface CommandRules {
  readonly name: string;
  readonly flags: number;
  /** The request names a range of the disk. */
  readonly ranged: boolean;
  readonly writes: boolean;
}

const { FUA, NO_HOLE, DF, REQ_ONE } = COMMAND_FLAG;
const RULES: Readonly<Record<number, CommandRules>> = {
  [COMMAND.READ]: { name: 'READ', flags: DF, ranged: true, writes: false },
  [COMMAND.WRITE]: { name: 'WRITE', flags: FUA, ranged: true, writes: true },
  [COMMAND.FLUSH]: { name: 'FLUSH', flags: 0, ranged: false, writes: false },
  [COMMAND.TRIM]: { name: 'TRIM', flags: FUA, ranged: true, writes: true },
  [COMMAND.CACHE]: { name: 'CACHE', flags: 0, ranged: true, writes: false },
  [COMMAND.WRITE_ZEROES]: { name: 'WRITE_ZEROES', flags: FUA | NO_HOLE, ranged: true, writes: true },
  [COMMAND.BLOCK_STATUS]: { name: 'BLOCK_STATUS', flags: REQ_ONE, ranged: true, writes: false },
};

export interface RequestContext {
  readonly device: ReadableBlockDevice;
  readonly structuredReplies: boolean;
  readonly allocation: boolean;
}

export function checkRequest(request: Request, context: RequestContext): Refusal | undefined {
  const rules = RULES[request.command];
  if (rules === undefined) return refuse('EINVAL', `command ${request.command} is not known`);
  if (rules.writes && !isWritable(context.device)) return refuse('EPERM', 'the export is read-only');
  // FUA is allowed on every command once it was offered; where nothing is written it means nothing.
  if ((request.flags & ~(rules.flags | FUA)) !== 0) {
    return refuse('EINVAL', `${rules.name} has unknown flags ${request.flags}`);
  }
  const misuse = checkNegotiated(request, context);
  if (misuse !== undefined) return misuse;
  return rules.ranged ? checkRange(request, rules, context.device.sizeBytes) : undefined;
}

function checkNegotiated(request: Request, context: RequestContext): Refusal | undefined {
  if (request.command === COMMAND.BLOCK_STATUS && !context.allocation) {
    return refuse('EINVAL', 'BLOCK_STATUS without a negotiated context');
  }
  if ((request.flags & DF) !== 0 && !context.structuredReplies) {
    return refuse('EINVAL', 'DF without structured replies');
  }
  return undefined;
}

function checkRange(request: Request, rules: CommandRules, sizeBytes: number): Refusal | undefined {
  const { command, offsetBytes, lengthBytes } = request;
  if (lengthBytes === 0) return refuse('EINVAL', `${rules.name} of no bytes`);
  if (command === COMMAND.READ && lengthBytes > PAYLOAD_BYTES_MAX) {
    return refuse('EINVAL', `READ of ${lengthBytes} bytes; at most ${PAYLOAD_BYTES_MAX} are allowed`);
  }
  // Not `offset + length > size`: that sum may be beyond what numbers hold exactly.
  if (offsetBytes <= sizeBytes && lengthBytes <= sizeBytes - offsetBytes) return undefined;
  const text = `${rules.name} of ${lengthBytes} bytes at ${offsetBytes}; the disk has ${sizeBytes}`;
  return refuse(rules.writes ? 'ENOSPC' : 'EINVAL', text);
}

function refuse(name: keyof typeof ERRNO, text: string): Refusal {
  return { errno: ERRNO[name], text };
}
