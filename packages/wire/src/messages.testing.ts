/** Any message the protocol can carry, for property tests. */
import { CODEC_RAW, CODEC_ZSTD, payloadChecksum } from '@landfall/block';
import fc from 'fast-check';
import { DISKS_MAX, HASH_BYTES, HASHES_COUNT_MAX, type Message, PROBE_BYTES_MAX } from './messages.ts';

/** Plain objects, as the decoder makes them. */
function record<T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const text = fc.string({ maxLength: 40, unit: 'grapheme' });
const whole = fc.maxSafeNat();
const positive = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const diskIndex = fc.nat({ max: DISKS_MAX - 1 });
const offsetBytes = fc.nat({ max: 2 ** 40 });

const plainHello = {
  type: fc.constant('HELLO' as const),
  protocolVersions: fc.array(whole, { minLength: 1, maxLength: 16 }),
  sourceServerId: text,
  agentVersion: text,
  disks: fc.array(record({ diskId: text, deviceName: text, sizeBytes: positive }), {
    minLength: 1,
    maxLength: 5,
  }),
};

const hello = fc.oneof(
  record(plainHello),
  record({ ...plainHello, features: fc.array(text, { minLength: 1, maxLength: 4 }) }),
  record({ ...plainHello, lanes: whole }),
);

const resend = record({
  type: fc.constant('RESEND' as const),
  extents: fc.array(record({ diskIndex, offsetBytes, lengthBytes: positive }), {
    minLength: 1,
    maxLength: 5,
  }),
});

const plainWelcome = {
  type: fc.constant('WELCOME' as const),
  protocolVersion: whole,
  journalId: text,
  lastEpoch: whole,
  disks: fc.array(record({ diskId: text, empty: fc.boolean() }), { minLength: 1, maxLength: 5 }),
};

const welcome = fc.oneof(record(plainWelcome), record({ ...plainWelcome, lanes: whole, laneToken: text }));

const lane = fc.oneof(
  record({ type: fc.constant('LANE' as const), token: text }),
  fc.constant({ type: 'LANE_OPEN' as const }),
  record({ type: fc.constant('SECTION' as const), section: positive }),
  record({ type: fc.constant('SECTION' as const), section: positive, laneMessages: whole }),
);

const refuse = fc.record(
  { type: fc.constant('REFUSE' as const), code: text, message: text, hint: text, retryable: fc.boolean() },
  { requiredKeys: ['type', 'code', 'message', 'retryable'], noNullPrototype: true },
);

const extent = fc
  .record({
    diskIndex,
    offsetBytes,
    codec: fc.constantFrom(CODEC_RAW, CODEC_ZSTD),
    content: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    copies: fc.constantFrom(1, 100),
    added: fc.nat({ max: 100 }),
  })
  .map(({ content, copies, added, codec, ...where }) => {
    const payload = Buffer.concat(Array.from({ length: copies }, () => content));
    const lengthBytes = payload.length + (codec === CODEC_ZSTD ? added : 0);
    const checksum = payloadChecksum(payload);
    return { type: 'EXTENT' as const, header: { ...where, codec, lengthBytes, checksum }, payload };
  });

const zeroes = record({
  type: fc.constant('ZEROES' as const),
  diskIndex,
  offsetBytes,
  lengthBytes: fc.integer({ min: 1, max: 2 ** 45 }),
});

const commit = record({
  type: fc.constant('COMMIT' as const),
  epoch: positive,
  cutTimeMs: whole,
  cutMonotonicNs: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  consistency: fc.constantFrom('CRASH_CONSISTENT' as const, 'SCANNED' as const),
  extentCount: whole,
});

const hashes = record({
  type: fc.constant('HASHES' as const),
  requestId: fc.nat({ max: 0xffff_ffff }),
  hashes: fc.integer({ min: 1, max: 40 }).map((count) => Buffer.alloc(count * HASH_BYTES, count)),
});

const plainHashesRequest = {
  type: fc.constant('HASHES_REQUEST' as const),
  requestId: fc.nat({ max: 0xffff_ffff }),
  diskIndex,
  firstChunk: whole,
  count: fc.integer({ min: 1, max: HASHES_COUNT_MAX }),
};

const hashesRequest = fc.oneof(
  record(plainHashesRequest),
  record({ ...plainHashesRequest, fresh: fc.boolean() }),
);

const probe = fc.oneof(
  record({
    type: fc.constant('PROBE' as const),
    payload: fc
      .constantFrom(1, 2, 1000, PROBE_BYTES_MAX)
      .chain((length) => fc.nat({ max: 255 }).map((byte) => Buffer.alloc(length, byte))),
  }),
  record({ type: fc.constant('PROBED' as const), bytes: whole }),
  record({ type: fc.constant('PING' as const), token: whole, storedBytes: whole, storeBusyMs: whole }),
);

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  hello,
  welcome,
  refuse,
  extent,
  zeroes,
  commit,
  hashes,
  hashesRequest,
  probe,
  resend,
  lane,
  record({ type: fc.constant('DURABLE' as const), epoch: positive }),
  fc.constant({ type: 'ABANDON' as const }),
  record({ type: fc.constantFrom('PING' as const, 'PONG' as const), token: whole }),
);
