/**
 * A program, given a folder: fills a small file system of its own while a conversion is watched there, as
 * QEMU would, which then waits for ever. Prints how that ended. Its mount is in a namespace of its own and
 * goes with it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked, silentLogger } from '@landfall/runtime';
import { watchSpace } from './guestfs-space.ts';

const MIB = 1024 * 1024;
const folder = process.argv[2] ?? '';
await runChecked(['mount', '-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', folder]);

const ended = await watchSpace({ scratchFolder: folder, logger: silentLogger }, async (signal) => {
  await writeFile(join(folder, 'overlay'), Buffer.alloc(40 * MIB, 1));
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the appliance was ended')));
  });
}).catch((error: { code?: string; message?: string }) => `${error.code} ${error.message}`);
process.stdout.write(String(ended));
