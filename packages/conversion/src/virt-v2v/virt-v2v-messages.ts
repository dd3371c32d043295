/**
 * What virt-v2v says while it works. With `--machine-readable` each message is a line of JSON (`message`,
 * `type`), among the same messages for people. Source: virt-v2v(1), "Machine readable output".
 */
export interface VirtV2vMessage {
  readonly type: 'message' | 'info' | 'warning' | 'error';
  readonly text: string;
}

const TYPES = ['message', 'info', 'warning', 'error'] as const;
const LINE_CHARACTERS_MAX = 64 * 1024;

/** Takes output as it comes, in pieces of any size. */
export class VirtV2vOutput {
  #rest = '';

  /** The messages that are complete with this piece. */
  take(piece: string): VirtV2vMessage[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-LINE_CHARACTERS_MAX);
    return lines.flatMap((line) => messageIn(line) ?? []);
  }
}

/** `undefined`: it did not say. */
export function saysVirtio(messages: readonly VirtV2vMessage[]): boolean | undefined {
  const said = messages
    .flatMap(({ text }) => /guest (has|does not have) virtio/i.exec(text)?.[1] ?? [])
    .at(-1);
  return said === undefined ? undefined : said.toLowerCase() === 'has';
}

function messageIn(line: string): VirtV2vMessage | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { message, type }: { message?: unknown; type?: unknown } = JSON.parse(line);
    const known = TYPES.find((each) => each === type);
    return typeof message === 'string' && known !== undefined ? { type: known, text: message } : undefined;
  } catch (error) {
    // Some other line that begins with a brace.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
