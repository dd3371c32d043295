/** The most a journal may take, as a person writes it: in GiB. Pure. */
const GIB_BYTES = 1024 ** 3;
/** What the service takes at least. */
const LIMIT_BYTES_MIN = 1024 ** 2;

export type TypedLimit =
  | { readonly kind: 'LIMIT'; readonly limitBytes: number }
  | { readonly kind: 'NO_LIMIT' }
  | { readonly kind: 'WRONG' };

export function parseLimit(text: string): TypedLimit {
  const typed = text.trim();
  if (typed === '') return { kind: 'NO_LIMIT' };
  if (!/^\d{1,7}(\.\d{1,3})?$/.test(typed)) return { kind: 'WRONG' };
  const limitBytes = Math.round(Number(typed) * GIB_BYTES);
  return limitBytes < LIMIT_BYTES_MIN ? { kind: 'WRONG' } : { kind: 'LIMIT', limitBytes };
}

export function limitText(limitBytes: number | undefined): string {
  if (limitBytes === undefined) return '';
  return String(Math.round((limitBytes / GIB_BYTES) * 1000) / 1000);
}
