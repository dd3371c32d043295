/** Ends machines: off the launch host first, then their exports. Idempotent, and recorded part by part. */
import type { Service } from '../service.ts';
import { changeMachine, listMachinesOf, type MachineRecord } from '../store/machines.ts';
import { changeServer } from '../store/source-servers.ts';
import { type CallOptions, callProgram } from './call-program.ts';

export async function endMachine(
  service: Service,
  machine: MachineRecord,
  options: CallOptions,
): Promise<void> {
  const { machineId } = machine;
  if (machine.onHost) {
    const host = { role: 'launch-host', programId: machine.launchHostId } as const;
    const status = await callProgram(service, host, 'terminateMachine', { machineId }, options);
    await service.store.transaction(async (tx) => {
      await changeMachine(tx, machineId, { onHost: false, status, endedAtMs: service.clock.nowMs() });
      await changeServer(tx, machine.sourceServerId, (server) =>
        server.launched?.machineId === machineId ? { ...server, launched: null } : server,
      );
    });
  }
  await closeExport(service, machine, options);
}

export async function closeExport(
  service: Service,
  machine: MachineRecord,
  options: CallOptions,
): Promise<void> {
  if (!machine.exportOpen) return;
  const to = { role: 'replication-server', programId: machine.replicationServerId } as const;
  await callProgram(service, to, 'closeExport', { exportId: machine.machineId }, options);
  await service.store.transaction((tx) => changeMachine(tx, machine.machineId, { exportOpen: false }));
}

/** Every machine of the server that may still hold something, except `except`. */
export async function listHeldMachines(
  { store }: Service,
  sourceServerId: string,
  except?: string,
): Promise<readonly MachineRecord[]> {
  const machines = await listMachinesOf(store.db, sourceServerId);
  return machines.filter((machine) => machine.machineId !== except && (machine.onHost || machine.exportOpen));
}
