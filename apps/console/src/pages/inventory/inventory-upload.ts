/** A file that a person chose to import: whether it can be sent, and under what name. */

export type UploadFault =
  | { readonly kind: 'name' }
  | { readonly kind: 'empty' }
  /** It was moved, or may not be read. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'large'; readonly sentBytes: number }
  | { readonly kind: 'encoding'; readonly line: number };

export type Upload =
  | { readonly ok: true; readonly content: string }
  | { readonly ok: false; readonly fault: UploadFault };

/** What the body of a request holds, with room for the names around the text. */
export const UPLOAD_BYTES_MAX = 1024 * 1024 - 4096;

const LINE_FEED = 10;

/** A part of the browser's `File`. */
export type ChosenFile = Pick<File, 'name' | 'size' | 'arrayBuffer'>;

/** What is too large is not read. */
export async function readUpload(file: ChosenFile): Promise<Upload> {
  if (!/^.+\.csv$/i.test(file.name)) return { ok: false, fault: { kind: 'name' } };
  if (file.size === 0) return { ok: false, fault: { kind: 'empty' } };
  if (file.size > UPLOAD_BYTES_MAX) return tooLarge(file.size);
  try {
    return uploadOf(new Uint8Array(await file.arrayBuffer()));
  } catch (error) {
    if (error instanceof DOMException) return { ok: false, fault: { kind: 'unreadable' } };
    throw error;
  }
}

function uploadOf(bytes: Uint8Array): Upload {
  const content = decode(bytes);
  if (content === undefined) return { ok: false, fault: { kind: 'encoding', line: unreadableLine(bytes) } };
  const sentBytes = new TextEncoder().encode(JSON.stringify(content)).length;
  return sentBytes > UPLOAD_BYTES_MAX ? tooLarge(sentBytes) : { ok: true, content };
}

function tooLarge(sentBytes: number): Upload {
  return { ok: false, fault: { kind: 'large', sentBytes } };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** No character of UTF-8 has a line feed inside it. */
function unreadableLine(bytes: Uint8Array): number {
  let start = 0;
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf(LINE_FEED, start);
    const isLast = end === -1;
    if (isLast || decode(bytes.subarray(start, end)) === undefined) return line;
    start = end + 1;
  }
}

/** One of its own, so that what was imported once can be looked at later. */
export function uploadKey(name: string, nowMs: number): string {
  return `uploads/${timeName(nowMs)}/${name.replace(/\.csv$/i, '.csv')}`;
}

export function exportKey(nowMs: number): string {
  return `exports/${timeName(nowMs)}.csv`;
}

function timeName(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(':', '-');
}

const BYTE_ORDER_MARK = '\ufeff';

/** Spreadsheets take a file for their own encoding unless it begins with the mark. */
export function spreadsheetText(content: string): string {
  return content.startsWith(BYTE_ORDER_MARK) ? content : `${BYTE_ORDER_MARK}${content}`;
}

/** What the last part of a key is saved as. */
export function fileNameOf(key: string): string {
  return key.split('/').at(-1) ?? key;
}
