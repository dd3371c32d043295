/** A launched machine that lives: its first boot succeeded, and a cutover needs no further proof of that. */
import type { MachineStatus } from '@landfall/channel';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { findMachine } from '../store/machines.ts';
import { changeServer, findServer } from '../store/source-servers.ts';

/** Most reports say nothing new: they cost no transaction. */
export async function observeLife(service: Service, machines: readonly MachineStatus[]): Promise<void> {
  const { db } = service.store;
  for (const { machineId, life } of machines) {
    if (life === undefined) continue;
    const machine = await findMachine(db, machineId);
    const server = machine === undefined ? undefined : await findServer(db, machine.sourceServerId);
    if (server === undefined || !isNews(server, machineId)) continue;
    await recordLife(service, server.sourceServerId, machineId);
    const { sourceServerId } = server;
    service.log.info('machine-lives', { machineId, sourceServerId, ...life.sign, detail: life.detail });
  }
}

function isNews({ launched }: SourceServerRecord, machineId: string): boolean {
  return launched?.machineId === machineId && launched.firstBoot !== 'SUCCEEDED';
}

async function recordLife(
  { store, clock }: Service,
  sourceServerId: string,
  machineId: string,
): Promise<void> {
  await store.transaction((tx) =>
    changeServer(tx, sourceServerId, (server) =>
      server.launched === null || !isNews(server, machineId)
        ? server
        : {
            ...{ ...server, bootedAtMs: clock.nowMs() },
            launched: { ...server.launched, firstBoot: 'SUCCEEDED' },
          },
    ),
  );
}
