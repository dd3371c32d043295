import { GIB, KIB, MIB, OperationError, TIB } from '@landfall/runtime';
import { type Command, InvalidArgumentError } from 'commander';

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('it must be a whole number.');
  return value;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: KIB, MiB: MIB, GiB: GIB, TiB: TIB };

/** `1048576`, `500MiB`, `1.5 TiB`. Errors: OPTION_INVALID. */
export function byteCount(text: string): number {
  const [, number, unit = ''] = /^([0-9]+(?:\.[0-9]+)?) ?([KMGT]iB|B|)$/.exec(text) ?? [];
  const bytes = Math.round(Number(number) * (UNITS[unit] ?? Number.NaN));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new OperationError('OPTION_INVALID', `${text} is no number of bytes`, {
    hint: 'give it as 1048576, 500MiB, 1.5TiB',
  });
}

/** Bytes a second, as `byteCount` reads them; `none`: 0, the API's word for it. Errors: OPTION_INVALID. */
export function speedLimit(text: string): number {
  return text === 'none' ? 0 : byteCount(text.replace(/\/s$/, ''));
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** `key=value`, several of them, as an object. Errors: OPTION_INVALID. */
export function pairsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new OperationError('OPTION_INVALID', `${text} is not NAME=VALUE`, { hint: 'as in owner=web' });
    }),
  );
}

export interface WaitOptions {
  readonly wait?: boolean;
}

/** Either can be said of everything that takes long; without a word `waits` holds. */
export function addWaitOptions(command: Command, waits: boolean): Command {
  const ofDefault = (isDefault: boolean) => (isDefault ? ' (what is done without a word)' : '');
  return command
    .option('--wait', `wait until it has ended, with progress${ofDefault(waits)}`)
    .option('--no-wait', `return when it has begun${ofDefault(!waits)}`);
}
