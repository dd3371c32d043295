import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type BlockOperation, createBlockEventDecoder, operationOf } from './block-event.ts';
import { parseEventFormat, type TraceEventFormat } from './trace-format.ts';

const KERNELS = ['linux-4.18', 'linux-6.12', 'rhel-derived-rwbs-9', 'linux-6.18'];
const DEVICE = 7 * 2 ** 20 + 3;

function formatOf(kernel: string, event: string): TraceEventFormat {
  const path = new URL(`../../testdata/${kernel}/${event}.format`, import.meta.url);
  return parseEventFormat(readFileSync(path, 'utf8'));
}

function formatsOf(kernel: string) {
  return {
    issue: formatOf(kernel, 'block_rq_issue'),
    complete: formatOf(kernel, 'block_rq_complete'),
    requeue: formatOf(kernel, 'block_rq_requeue'),
  };
}

/** A payload as the kernel lays it out, with noise in every byte that has no meaning here. */
function payload(
  format: TraceEventFormat,
  values: Readonly<Record<string, number | bigint | string>>,
): Buffer {
  const bytes = Buffer.alloc(80, 0xa5);
  bytes.writeUInt16LE(format.id, 0);
  for (const [name, value] of Object.entries(values)) {
    const field = format.fields.get(name);
    if (field === undefined) continue;
    if (typeof value === 'bigint') bytes.writeBigUInt64LE(value, field.offsetBytes);
    else if (typeof value === 'number') bytes.writeUInt32LE(value, field.offsetBytes);
    else bytes.write(value.padEnd(field.sizeBytes, '\0'), field.offsetBytes, 'latin1');
  }
  return bytes;
}

for (const kernel of KERNELS) {
  test(`issue, completion and requeue are decoded with the layout of ${kernel}`, () => {
    const formats = formatsOf(kernel);
    const decoder = createBlockEventDecoder(formats, new Map([[DEVICE, 2]]));
    for (const kind of ['issue', 'complete', 'requeue'] as const) {
      const values = { dev: DEVICE, sector: 2n ** 40n + 8n, nr_sector: 64, bytes: 32_768, rwbs: 'WFS' };
      const event = decoder.decode(payload(formats[kind], values), 0, 99);
      const expected = {
        kind,
        operation: 'write',
        diskIndex: 2,
        sector: 2 ** 40 + 8,
        sectorCount: 64,
        timeNs: 99,
      };
      assert.deepEqual(event, expected);
    }
  });
}

test('the operation is the letter after at most one leading F', () => {
  const operations: Readonly<Record<string, BlockOperation>> = {
    R: 'read',
    RA: 'read',
    RS: 'read',
    RM: 'read',
    FRS: 'read',
    W: 'write',
    WS: 'write',
    WFS: 'write',
    FWFS: 'write',
    WZ: 'write',
    WSU: 'write',
    D: 'discard',
    DS: 'discard',
    DE: 'write',
    DES: 'write',
    FF: 'none',
    FFS: 'none',
    N: 'write',
    NS: 'write',
    ZR: 'write',
    ZRA: 'write',
    ZA: 'write',
    ZF: 'write',
  };
  for (const [rwbs, operation] of Object.entries(operations))
    assert.equal(operationOf(rwbs), operation, rwbs);
});

test('an operation as long as its field needs no terminator', () => {
  const formats = formatsOf('linux-4.18');
  const decoder = createBlockEventDecoder(formats, new Map([[DEVICE, 0]]));
  const values = { dev: DEVICE, sector: 8n, nr_sector: 8, bytes: 4096, rwbs: 'FWFASMXX' };
  assert.equal(decoder.decode(payload(formats.issue, values), 0, 0)?.operation, 'write');
});

test('flushes, empty completions, other disks, other events and the sector 2^64-1 are no changes', () => {
  const formats = formatsOf('linux-6.18');
  const decoder = createBlockEventDecoder(formats, new Map([[DEVICE, 0]]));
  const write = { dev: DEVICE, sector: 8n, nr_sector: 8, bytes: 4096, rwbs: 'W' };
  const none = [
    payload(formats.issue, { ...write, rwbs: 'FF', sector: 0n, nr_sector: 0, bytes: 0 }),
    payload(formats.complete, { ...write, nr_sector: 0 }),
    payload(formats.complete, { ...write, sector: 2n ** 64n - 1n, rwbs: 'N' }),
    payload(formats.issue, { ...write, dev: DEVICE + 1 }),
    payload({ ...formats.issue, id: 5 }, write),
  ];
  for (const bytes of none) assert.equal(decoder.decode(bytes, 0, 0), undefined);
  assert.equal(decoder.passthroughCount, 0);
});

test('a command without a range but with bytes is counted as passthrough', () => {
  const formats = formatsOf('linux-6.18');
  const decoder = createBlockEventDecoder(formats, new Map([[DEVICE, 0]]));
  const values = { dev: DEVICE, sector: 0n, nr_sector: 0, bytes: 512, rwbs: 'N' };
  assert.equal(decoder.decode(payload(formats.issue, values), 0, 0), undefined);
  assert.equal(decoder.passthroughCount, 1);
  assert.deepEqual([...decoder.passthroughDisks], [0]);
});

test('a kernel without the requeue event is understood', () => {
  const { issue, complete } = formatsOf('linux-4.18');
  const decoder = createBlockEventDecoder({ issue, complete }, new Map([[DEVICE, 0]]));
  const values = { dev: DEVICE, sector: 8n, nr_sector: 8, bytes: 4096, rwbs: 'W' };
  assert.equal(decoder.decode(payload(complete, values), 0, 0)?.kind, 'complete');
});

test('a format without a field that is needed is refused with the event and the field', () => {
  const { issue, complete } = formatsOf('linux-6.18');
  const fields = new Map(issue.fields);
  fields.delete('nr_sector');
  assert.throws(() => createBlockEventDecoder({ issue: { ...issue, fields }, complete }, new Map()), {
    code: 'TRACE_FORMAT_UNKNOWN',
    message: /block_rq_issue.*nr_sector/,
  });
  assert.throws(() => parseEventFormat('nonsense'), { code: 'TRACE_FORMAT_UNKNOWN' });
});
