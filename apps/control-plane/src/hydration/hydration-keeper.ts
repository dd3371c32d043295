/**
 * Sees to it that disks that are to be filled in are: looks every few seconds what the launch hosts say of
 * their machines, tells them what is wanted where they do not do it, and closes the view of a machine that
 * needs it no more.
 *
 * K1 What is wanted is on record (`MachineRecord.hydration`), so a restarted control plane goes on.
 * K2 A view is closed only after its machine is on record as complete, by the word of its launch host.
 * K3 It does not give up: a launch host that is away or has no room is told again, for as long as the machine
 *    is there. What fills in meanwhile needs nobody to tell it.
 * K4 After the signal nothing is written any more.
 */
import { OperationError } from '@landfall/runtime';
import { closeExport } from '../jobs/machine-cleanup.ts';
import { type Keeper, keepLooking, pause } from '../keep-looking.ts';
import { currentStatus } from '../operations/launched-machines.ts';
import type { Service } from '../service.ts';
import { changeMachine, findMachine, listMachinesWithViews, type MachineRecord } from '../store/machines.ts';
import { hydrationOrder, nextHydrationStep } from './hydration-wish.ts';

/** Of what is done for one machine. */
const BETWEEN_MS = 10_000;
const TELL_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 60_000;

/** Until the signal; resolves when everything it had begun has ended. */
export function keepHydrations(service: Service, signal: AbortSignal): Promise<void> {
  const keeper = new HydrationKeeper(service, signal);
  return keepLooking(service, keeper, { failure: 'hydrations-not-kept', signal });
}

class HydrationKeeper implements Keeper {
  readonly #service: Service;
  readonly #signal: AbortSignal;
  /** By machine; of each one thing at a time. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(service: Service, signal: AbortSignal) {
    this.#service = service;
    this.#signal = signal;
  }

  async look(): Promise<void> {
    const machines = await listMachinesWithViews(this.#service.store.db);
    for (const machine of machines) this.#lookAt(machine);
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #lookAt(machine: MachineRecord): void {
    if (this.#running.has(machine.machineId)) return;
    const step = nextHydrationStep(machine, currentStatus(this.#service, machine), this.#service);
    if (step === 'CLOSE') this.#start(machine, () => this.#close(machine));
    if (step === 'TELL') this.#start(machine, () => this.#tell(machine));
  }

  #start(machine: MachineRecord, action: () => Promise<void>): void {
    const { machineId, sourceServerId } = machine;
    const { clock, log } = this.#service;
    const work = action()
      .catch((error: unknown) => {
        if (this.#signal.aborted) return;
        const level = error instanceof OperationError ? 'warn' : 'error';
        log[level]('hydration-interrupted', { machineId, sourceServerId, error });
      })
      // What has just been told may not be in a report yet; whether there is room is found out by reading.
      .then(() => pause(clock, BETWEEN_MS, this.#signal))
      .finally(() => this.#running.delete(machineId));
    this.#running.set(machineId, work);
  }

  async #tell(machine: MachineRecord): Promise<void> {
    const { commands, log, store } = this.#service;
    const { machineId, launchHostId } = machine;
    const current = (await findMachine(store.db, machineId)) ?? machine;
    const host = { role: 'launch-host', programId: launchHostId } as const;
    const options = { timeoutMs: TELL_TIMEOUT_MS, signal: this.#signal };
    const told = await commands.send(host, 'hydrateMachine', hydrationOrder(current), options);
    log.info('hydration-told', { machineId, ...told.hydration, code: told.error?.code });
  }

  /** K2 */
  async #close(machine: MachineRecord): Promise<void> {
    const { store, log } = this.#service;
    const { machineId } = machine;
    this.#signal.throwIfAborted();
    await store.transaction(async (tx) => {
      // It may have been terminated since it was looked at: then that is its status.
      const current = (await findMachine(tx, machineId)) ?? machine;
      await changeMachine(tx, machineId, { status: currentStatus(this.#service, current) });
    });
    await closeExport(this.#service, machine, { timeoutMs: CLOSE_TIMEOUT_MS, signal: this.#signal });
    log.info('machine-independent', { machineId });
  }
}
