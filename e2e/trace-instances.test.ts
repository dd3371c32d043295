import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentIdsIn } from './trace-instances.ts';

test('agents are found among files and other programs, and a folder that is gone has none', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-traces-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const identities = {
    agent: 's-1234567890abcdefg',
    'round/agent': 's-abcdefg1234567890',
    server: 'rs-12345',
  };
  for (const [name, programId] of Object.entries(identities)) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, 'identity.json'), JSON.stringify({ programId }, undefined, 1));
  }
  await writeFile(join(folder, 'disk.raw'), 'no folder');
  await mkdir(join(folder, 'torn'));
  await writeFile(join(folder, 'torn', 'identity.json'), '{"progr');
  const found = await agentIdsIn(folder);
  assert.deepEqual([...found].sort(), ['s-1234567890abcdefg', 's-abcdefg1234567890']);
  assert.deepEqual(await agentIdsIn(join(folder, 'gone')), []);
});
