/** The agent's executable, compressed, as a file that installers download. */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { OperationError, systemErrorCode } from '@landfall/runtime';

export interface AgentBinary {
  readonly sizeBytes: number;
  readonly content: Readable;
}

/** Errors: AGENT_BINARY_MISSING. */
export async function openAgentBinary(path: string | undefined): Promise<AgentBinary> {
  if (path === undefined) throw missing('the control plane was started without --agent-binary');
  try {
    const file = await open(path, 'r');
    const { size } = await file.stat();
    return { sizeBytes: size, content: file.createReadStream() };
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') throw missing('the file given as --agent-binary is not there');
    throw cause;
  }
}

function missing(message: string): OperationError {
  return new OperationError('AGENT_BINARY_MISSING', `there is no agent to download: ${message}`, {
    hint: 'build the agent with `landfall up` or start the control plane with --agent-binary FILE.gz',
  });
}
