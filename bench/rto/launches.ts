/** Launches of one server over the API, as a user calls for them, each timed. */
import { join } from 'node:path';
import { waitForLife } from '../../e2e/guests/http-sign-of-life.ts';
import type { Landfall } from '../../packages/api/src/index.ts';
import { macAddressOf } from '../../packages/launch/src/index.ts';
import { OperationError, systemClock } from '../../packages/runtime/src/index.ts';
import { BOOT_TIMEOUT_MS, type LaunchTimes } from './launch-times.ts';
import { failed, type ReplicatedServer } from './replicated-server.ts';

const PROOF_TIMEOUT_MS = 30 * 60_000;
const END_TIMEOUT_MS = 10 * 60_000;
const POLL_MS = 50;
const READY_TIMEOUT_MS = 10 * 60_000;
/** The agent counts the disks as they were named. */
const BOOT_DISK_ID = 'disk-0';
const LIFE_TIMEOUT_SECONDS = 900;

export class Launches {
  readonly #server: ReplicatedServer;
  /** Of the appliances that stood ready, how many are used. */
  #taken = 0;

  constructor(server: ReplicatedServer) {
    this.#server = server;
  }

  /** Has the newest point proved, so that its conversion is kept. */
  async verify(): Promise<void> {
    const { api, sourceServerID } = this.#server;
    await api.landfall('PutBootProofSchedule', {
      ...{ sourceServerID, signsOfLife: [{ kind: 'HTTP', port: 80 }] },
      lifeTimeoutSeconds: LIFE_TIMEOUT_SECONDS,
    });
    const { bootProof } = await api.landfall('StartBootProof', { sourceServerID });
    const { bootProofID } = bootProof;
    const isVerified = async () => {
      const { bootProof: now } = await api.landfall('DescribeBootProof', { bootProofID });
      if (now.state === 'FAILED') throw failed(`the proof failed: ${JSON.stringify(now.error)}`);
      return now.state === 'VERIFIED' && now.isPrepared;
    };
    await this.#server.until('a verified point', isVerified, PROOF_TIMEOUT_MS);
  }

  /**
   * Converts without starting. `use` gets the overlay of the disk it boots from and the address of the
   * network card it was converted for; afterwards the machine is gone.
   */
  async convertOnly(use: (overlay: string, macAddress: string) => Promise<void>): Promise<void> {
    const { api, sourceServerID } = this.#server;
    await api.mgn('UpdateLaunchConfiguration', { sourceServerID, launchDisposition: 'STOPPED' });
    const { jobID } = await this.#launch('LATEST');
    const { machineID } = await this.#machine(jobID, 'STOPPED');
    this.#taken = await this.#server.readyAppliances();
    await use(
      join(this.#server.machineFolder(machineID), `overlay-${BOOT_DISK_ID}.qcow2`),
      macAddressOf(machineID),
    );
    await this.#end();
    await api.mgn('UpdateLaunchConfiguration', { sourceServerID, launchDisposition: 'STARTED' });
  }

  /**
   * Until the launch host has an appliance ready again, as it has some two minutes after a launch: its start
   * would disturb what is measured next.
   */
  async awaitReadyAppliance(): Promise<void> {
    const isReady = async () => (await this.#server.readyAppliances()) > this.#taken;
    await this.#server.until('an appliance that stands ready', isReady, READY_TIMEOUT_MS);
  }

  /** Launches, waits for HTTP 200, and terminates. */
  async time(point: 'UNVERIFIED' | 'VERIFIED'): Promise<LaunchTimes> {
    const startedNs = systemClock.monotonicNs();
    const sinceMs = () => Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
    const { jobID } = await this.#launch(point === 'VERIFIED' ? 'VERIFIED' : 'LATEST');
    const { published, conversion } = await this.#machine(jobID, 'RUNNING');
    const toStartMs = sinceMs();
    if (point === 'UNVERIFIED') this.#taken = await this.#server.readyAppliances();
    const life = await waitForLife({ port: published[0]?.port ?? 0, timeoutMs: BOOT_TIMEOUT_MS });
    if (life.kind === 'GAVE_UP') throw failed(life.why);
    const toAnswerMs = sinceMs();
    await this.#end();
    return { toStartMs, toAnswerMs, wasPrepared: conversion.every(({ step }) => step !== 'Inspection') };
  }

  async #launch(at: 'LATEST' | 'VERIFIED'): Promise<{ readonly jobID: string }> {
    const { api, sourceServerID } = this.#server;
    return (await api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at })).job;
  }

  async #machine(jobID: string, phase: Landfall.LaunchedMachinePhase): Promise<Landfall.LaunchedMachine> {
    const { api } = this.#server;
    for (;;) {
      const { items } = await api.landfall('DescribeLaunchedMachines', {});
      const machine = items.find((item) => item.jobID === jobID);
      if (machine?.phase === phase) return machine;
      const { items: jobs = [] } = await api.mgn('DescribeJobs', { filters: { jobIDs: [jobID] } });
      const state = jobs[0]?.participatingServers?.[0]?.launchStatus;
      if (state === 'FAILED') throw failed(`the launch failed: ${JSON.stringify(machine?.error ?? jobs[0])}`);
      await systemClock.sleep(POLL_MS);
    }
  }

  /** Gives back what the launch made; the next one finds nothing to clean up. */
  async #end(): Promise<void> {
    const { api, sourceServerID } = this.#server;
    const isOver = async () => {
      if ((await this.#server.lifeCycleState()) === 'TESTING') await this.#terminate(api, sourceServerID);
      return !(await this.#server.hasMachineFiles());
    };
    await this.#server.until('the machine is gone', isOver, END_TIMEOUT_MS);
  }

  async #terminate(api: ReplicatedServer['api'], sourceServerID: string): Promise<void> {
    try {
      const lifeCycle = { state: 'READY_FOR_TEST' } as const;
      await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle });
      await api.mgn('TerminateTargetInstances', { sourceServerIDs: [sourceServerID] });
    } catch (error) {
      // Its job is not over yet: asked again.
      if (!(error instanceof OperationError) || error.code !== 'ConflictException') throw error;
    }
  }
}
