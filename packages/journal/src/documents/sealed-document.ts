/**
 * Small JSON documents (`group.json`, `manifest`) that notice any changed byte: the last member is a SHA-256
 * over the document written without it, and a document must be, byte for byte, what writing it again would
 * give.
 */
import { createHash } from 'node:crypto';

export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };
export type PlainDocument = { readonly [key: string]: PlainValue };

export function encodeDocument(document: PlainDocument): string {
  const checksum = createHash('sha256').update(JSON.stringify(document)).digest('hex');
  return `${JSON.stringify({ ...document, checksum }, undefined, 1)}\n`;
}

/** The document without its checksum, or `undefined` when a byte of it has changed. */
export function decodeDocument(text: string): PlainDocument | undefined {
  const parsed = parseObject(text);
  if (parsed === undefined) return undefined;
  const { checksum: _, ...document } = parsed;
  return encodeDocument(document) === text ? document : undefined;
}

function parseObject(text: string): PlainDocument | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isDocument(value) ? value : undefined;
  } catch {
    return undefined; // Not JSON any more: damaged, which is the answer.
  }
}

/** What `JSON.parse` returns is made of plain values only. */
export function isDocument(value: unknown): value is PlainDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
