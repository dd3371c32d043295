import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { systemClock } from '@landfall/runtime';
import { ASKING_MS_DEFAULT, findNames } from './names.ts';

const NOTHING = { operands: [], values: new Map([['--state-dir', '/nowhere']]) };

/** A clock on which nothing takes time. */
const hasty = { ...systemClock, sleep: () => Promise.resolve() };

test('what there is nobody to ask for has no names, and nothing is thrown', async () => {
  assert.deepEqual(await findNames('server', NOTHING), []);
  assert.deepEqual(await findNames('colour', NOTHING), []);
});

test('an answer that does not come in time is not waited for', async (t) => {
  const mute = createServer((socket) => t.after(() => socket.destroy()));
  await new Promise<void>((listening) => mute.listen(0, '127.0.0.1', listening));
  t.after(() => mute.close());
  const address = mute.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  Object.assign(process.env, {
    ...{ LANDFALL_ENDPOINT: `http://127.0.0.1:${port}`, LANDFALL_CA_FILE: import.meta.filename },
    ...{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
  });
  assert.deepEqual(await findNames('server', NOTHING, hasty), []);
  assert.ok(ASKING_MS_DEFAULT <= 2000, 'somebody waits with a key pressed');
});
