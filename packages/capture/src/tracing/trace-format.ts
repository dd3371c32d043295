/**
 * The kernel describes every trace event in a `format` file and the ring buffer's page in
 * `events/header_page`. Offsets, sizes and IDs differ between kernels (even within one stable series), so
 * they are read at every start and never derived from a version (kernel-tracing.md, requirements 1–3).
 *
 *     name: block_rq_issue
 *     ID: 2104
 *     format:
 *     	field:dev_t dev;	offset:8;	size:4;	signed:0;
 *     	field:char rwbs[10];	offset:34;	size:10;	signed:0;
 */
import { OperationError } from '@landfall/runtime';

export interface TraceField {
  readonly name: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly signed: boolean;
}

export interface TraceEventFormat {
  readonly name: string;
  /** The value of `common_type`; assigned at boot. */
  readonly id: number;
  readonly fields: ReadonlyMap<string, TraceField>;
}

/** Errors: TRACE_FORMAT_UNKNOWN when the text has no name, ID or fields. */
export function parseEventFormat(text: string): TraceEventFormat {
  const name = /^name: (\S+)$/m.exec(text)?.[1];
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  const fields = parseFields(text);
  if (name === undefined || id === undefined || fields.size === 0) {
    throw unknownFormat(name ?? 'an event', 'it has no name, ID or fields');
  }
  return { name, id: Number(id), fields };
}

/** The fields of a `format` or `header_page` text by name. */
export function parseFields(text: string): ReadonlyMap<string, TraceField> {
  const line =
    /^\s*field:\s*[^;]*?(\w+)\s*(?:\[[^\]]*\])?;\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:([01]);)?/gm;
  const fields = new Map<string, TraceField>();
  for (const [, name = '', offset, size, signed] of text.matchAll(line)) {
    fields.set(name, {
      name,
      offsetBytes: Number(offset),
      sizeBytes: Number(size),
      signed: signed === '1',
    });
  }
  return fields;
}

/** The named field, which must be one of `sizesBytes` long (any size when none is given). */
export function requireField(
  owner: string,
  fields: ReadonlyMap<string, TraceField>,
  name: string,
  ...sizesBytes: readonly number[]
): TraceField {
  const field = fields.get(name);
  if (field === undefined) throw unknownFormat(owner, `it has no field ${name}`);
  if (sizesBytes.length > 0 && !sizesBytes.includes(field.sizeBytes)) {
    throw unknownFormat(owner, `its field ${name} is ${field.sizeBytes} bytes long`);
  }
  return field;
}

function unknownFormat(owner: string, why: string): OperationError {
  return new OperationError(
    'TRACE_FORMAT_UNKNOWN',
    `the kernel's description of ${owner} is not understood: ${why}`,
    {
      hint: 'report the kernel version and the files /sys/kernel/tracing/events/block/*/format',
      context: { event: owner },
    },
  );
}
