import { GIB, KIB, MIB, OperationError, TIB } from '@landfall/runtime';
import { InvalidArgumentError } from 'commander';

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

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
