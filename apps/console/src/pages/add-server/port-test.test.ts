import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import test from 'node:test';
import { endpointOf, portTestCommand } from './port-test.ts';

test('the command tells open ports from closed ones, in the shell that servers have', async (t) => {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const endpoints = [
    { host: '127.0.0.1', port },
    { host: '127.0.0.1', port: 1 },
  ];
  const said = execFileSync('sh', ['-c', portTestCommand(endpoints)], { encoding: 'utf8', stdio: 'pipe' });
  assert.deepEqual(said.trim().split('\n'), [`127.0.0.1 ${port} open`, '127.0.0.1 1 CLOSED']);
});

test('nothing but hosts gets into the command', () => {
  assert.equal(portTestCommand([{ host: "x'; rm -rf /; '", port: 1 }]), '');
});

test('an address says its port even where it does not', () => {
  assert.deepEqual(endpointOf('https://192.0.2.10'), { host: '192.0.2.10', port: 443 });
  assert.deepEqual(endpointOf('https://[2001:db8::1]:8443'), { host: '2001:db8::1', port: 8443 });
});
