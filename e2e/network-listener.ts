/** Greets and closes whatever connects to ADDRESS PORT, and says once that it listens. */
import { createServer } from 'node:net';

const [host = '', port = ''] = process.argv.slice(2);
createServer((socket) => socket.end('here\n')).listen({ host, port: Number(port) }, () => {
  process.stdout.write('listening\n');
});
