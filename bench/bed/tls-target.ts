/**
 * Where the peers copy to: nbdkit with TLS 1.3 and a sparse file on the file system our journal is on. A
 * copy is done when its bytes are on disk: the peers flush over NBD, and the file is synced within their
 * time, which costs nothing when the flush did its work.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../../apps/cli/src/demo/free-ports.ts';
import { createTestAuthority } from '../../packages/channel/src/testing/test-authority.ts';
import { OperationError, runChecked, systemClock } from '../../packages/runtime/src/index.ts';

export interface TlsTarget {
  /** A folder with `ca-cert.pem`, as libnbd and QEMU want it. */
  readonly certificateFolder: string;
  readonly port: number;
  readonly path: string;
  /** Ends the server and removes the copy. */
  close(): Promise<void>;
}

/** The name of a peer, and the command that copies a device to a target. */
export interface Peer {
  readonly name: string;
  argv(device: string, target: TlsTarget): readonly string[];
}

const LISTEN_TIMEOUT_MS = 10_000;
const COPY_TIMEOUT_MS = 20 * 60_000;

/** Told that the target is empty, as a user would know who has just made it. */
export const NBDCOPY: Peer = {
  name: 'nbdcopy',
  argv: (device, { certificateFolder, port }) => [
    ...['nbdcopy', '--flush', '--destination-is-zero', device],
    `nbds://localhost:${port}/?tls-certificates=${certificateFolder}`,
  ],
};

/** `-t writeback`: the default of convert ignores the flush at the end. */
export const QEMU_IMG: Peer = {
  name: 'qemu-img convert',
  argv: (device, { certificateFolder, port }) => [
    ...['qemu-img', 'convert', '-n', '-W', '-m', '16', '--target-is-zero', '-f', 'raw', '-T', 'none'],
    ...['-t', 'writeback', '--object', `tls-creds-x509,id=tls,endpoint=client,dir=${certificateFolder}`],
    ...['--target-image-opts', device],
    `driver=raw,file.driver=nbd,file.host=localhost,file.port=${port},file.tls-creds=tls`,
  ],
};

/** Seconds from starting the peer until its copy is durable. */
export async function copySeconds(peer: Peer, device: string, target: TlsTarget): Promise<number> {
  const startNs = systemClock.monotonicNs();
  await runChecked(peer.argv(device, target), { timeoutMs: COPY_TIMEOUT_MS });
  const file = await open(target.path, 'r+');
  await file.sync();
  await file.close();
  return Number(systemClock.monotonicNs() - startNs) / 1e9;
}

export async function startTlsTarget(parent: string, sizeBytes: number): Promise<TlsTarget> {
  const folder = join(parent, 'peer');
  const certificateFolder = join(folder, 'certificates');
  await mkdir(certificateFolder, { recursive: true });
  await writeCertificates(folder, certificateFolder);
  const path = join(folder, 'target.img');
  const file = await open(path, 'w');
  await file.truncate(sizeBytes);
  await file.close();
  const [port = 0] = await freePorts(1);
  const server = startServer({ folder, certificateFolder, path, port });
  await untilListening(port, server);
  const close = async () => {
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  return { certificateFolder, port, path, close };
}

async function writeCertificates(folder: string, certificateFolder: string): Promise<void> {
  const authority = await createTestAuthority(folder);
  const { certificatePem, keyPem } = await authority.createServerIdentity();
  await writeFile(join(certificateFolder, 'ca-cert.pem'), authority.caPem);
  await writeFile(join(certificateFolder, 'server-cert.pem'), certificatePem);
  await writeFile(join(certificateFolder, 'server-key.pem'), keyPem);
}

function startServer(target: {
  folder: string;
  certificateFolder: string;
  path: string;
  port: number;
}): ChildProcess {
  const tls = ['--tls=require', `--tls-certificates=${target.certificateFolder}`];
  const network = ['-i', '127.0.0.1', '-p', String(target.port)];
  const log = openSync(join(target.folder, 'nbdkit.log'), 'a');
  const argv = ['--foreground', '--exit-with-parent', ...tls, ...network, 'file', `file=${target.path}`];
  const server = spawn('nbdkit', argv, { stdio: ['ignore', log, log] });
  closeSync(log);
  return server;
}

async function untilListening(port: number, server: ChildProcess): Promise<void> {
  const deadlineNs = systemClock.monotonicNs() + BigInt(LISTEN_TIMEOUT_MS) * 1_000_000n;
  while (!(await isListening(port))) {
    if (server.exitCode !== null || systemClock.monotonicNs() > deadlineNs)
      throw new OperationError('BENCHMARK_FAILED', 'nbdkit with TLS does not listen');
    await systemClock.sleep(20);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
