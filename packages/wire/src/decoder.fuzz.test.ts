import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { OperationError, type Random, seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { Decoder } from './decoder.ts';
import { encodeMessage } from './encoder.ts';
import { FRAME_TYPES, messageTypeOf } from './frame-types.ts';
import { anyMessage } from './messages.testing.ts';

const INPUTS = Number(process.env.LANDFALL_WIRE_FUZZ_INPUTS ?? 20_000);
const SEED = Number(process.env.LANDFALL_WIRE_FUZZ_SEED ?? 1);
const CODES = ['FRAME_UNKNOWN', 'FRAME_OVERSIZED', 'FRAME_MALFORMED'];
/** Those of all messages, and on either side one that no message has. */
const TYPE_BYTES = 2 + Math.max(...Object.values(FRAME_TYPES).map(({ code }) => code));
const GROWTH_BYTES_MAX = 128 * 1024 * 1024;

test('the decoder survives any bytes: a message, or a clear code, and no memory', async (context) => {
  const random = seededRandom(SEED);
  const samples = fc
    .sample(anyMessage, { numRuns: 300, seed: SEED })
    .map((message) => Buffer.concat([...encodeMessage(message)]))
    .filter((bytes) => bytes.length < 4096);
  const before = await memoryBytes();
  const outcomes = new Map<string, number>();
  for (let input = 0; input < INPUTS; input += 1) {
    const outcome = feed(fuzzed(samples, random), random, input);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (input % 1000 === 0) assert.ok((await memoryBytes()) - before < GROWTH_BYTES_MAX);
  }
  context.diagnostic(`${INPUTS} inputs from seed ${SEED}: ${JSON.stringify(Object.fromEntries(outcomes))}`);
});

test('what is drawn has headers of every type, and of none', () => {
  const random = seededRandom(SEED);
  const drawn = new Set(Array.from({ length: 1000 }, () => plausible(random).readUInt8(4)));
  const known = Object.values(FRAME_TYPES).map(({ code }) => code);
  assert.deepEqual(
    known.filter((code) => !drawn.has(code)),
    [],
  );
  assert.ok([...drawn].some((code) => messageTypeOf(code) === undefined));
});

/** After a turn of the event loop, so that what nobody holds can go. */
async function memoryBytes(): Promise<number> {
  await setImmediate();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function feed(bytes: Buffer, random: Random, input: number): string {
  const decoder = new Decoder(() => undefined);
  try {
    const half = random.integer(bytes.length + 1);
    decoder.push(bytes.subarray(0, half));
    decoder.push(bytes.subarray(half));
    return decoder.isBetweenFrames ? 'whole' : 'incomplete';
  } catch (error) {
    const known = error instanceof OperationError && CODES.includes(error.code);
    assert.ok(known, `seed ${SEED}, input ${input}, ${bytes.toString('hex').slice(0, 200)}: ${error}`);
    return (error as OperationError).code;
  }
}

/** Noise, noise behind a plausible header, or a good message with something changed, cut or doubled. */
function fuzzed(samples: readonly Buffer[], random: Random): Buffer {
  const kind = random.integer(8);
  if (kind === 0) return random.bytes(random.integer(64));
  if (kind === 1) return plausible(random);
  const bytes = Buffer.from(samples[random.integer(samples.length)] ?? Buffer.alloc(5));
  for (let changes = random.integer(4); changes > 0; changes -= 1) {
    bytes[random.integer(bytes.length)] = random.integer(256);
  }
  if (kind === 2) return bytes.subarray(0, random.integer(bytes.length + 1));
  if (kind === 3) return Buffer.concat([bytes, bytes]);
  return bytes;
}

function plausible(random: Random): Buffer {
  const body = random.bytes(random.integer(80));
  const header = Buffer.alloc(5);
  header.writeUInt32BE(1 + body.length, 0);
  header.writeUInt8(random.integer(TYPE_BYTES), 4);
  return Buffer.concat([header, body]);
}
