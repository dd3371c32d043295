import assert from 'node:assert/strict';
import test from 'node:test';
import { seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { createVault, isSealed, VAULT_KEY_BYTES } from './secret-vault.ts';

const SEED = Number(process.env.LANDFALL_PROPERTY_SEED ?? 20_260_102);

test(`what is sealed opens for its purpose and place, unchanged, and for no other (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const key = random.bytes(VAULT_KEY_BYTES);
  const vault = createVault(key, 'access-key', random);
  const others = [
    createVault(key, 'session-token', random),
    createVault(random.bytes(VAULT_KEY_BYTES), 'access-key', random),
  ];
  const holds = (text: string, place: string, flipped: number) => {
    const sealed = vault.seal(text, place);
    assert.ok(isSealed(sealed));
    assert.equal(vault.open(sealed, place), text);
    assert.equal(vault.open(sealed, `${place}.`), undefined);
    for (const other of others) assert.equal(other.open(sealed, place), undefined);
    const bytes = Buffer.from(sealed.slice('sealed:1:'.length), 'base64url');
    const at = flipped % (bytes.length * 8);
    bytes.writeUInt8(bytes.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
    assert.equal(vault.open(`sealed:1:${bytes.toString('base64url')}`, place), undefined);
  };
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(fc.property(text, text, fc.nat(), holds), { seed: SEED, numRuns: 300 });
  for (const short of ['', 'sealed:1:', 'sealed:1:AAAA', 'sealed:2:AAAA']) {
    assert.equal(vault.open(short, 'a'), undefined);
  }
});
