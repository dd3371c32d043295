/** Says on standard output that it listens, then closes whatever connects: `network-listener.ts ADDRESS PORT`. */
import { createServer } from 'node:net';

const [host = '', port = ''] = process.argv.slice(2);
createServer((socket) => socket.end('here\n')).listen({ host, port: Number(port) }, () => {
  process.stdout.write('listening\n');
});
