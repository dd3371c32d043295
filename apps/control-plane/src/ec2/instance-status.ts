/** DescribeInstanceStatus: whether a machine shows a sign of life, and its launch host is heard of. */
import type { Ec2Handlers, XmlMembers } from '@landfall/api';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import type { Service } from '../service.ts';
import { type Instance, showState } from './instance.ts';
import { listInstancePage, wantedInstances } from './instances.ts';
import { zoneOf } from './networks.ts';

type Operations = Pick<Ec2Handlers<Service>, 'DescribeInstanceStatus'>;
type Verdict = 'ok' | 'impaired' | 'initializing' | 'insufficient-data' | 'not-applicable';

export const instanceStatusOperations: Operations = {
  DescribeInstanceStatus: async (input, service) => {
    const wanted = await wantedInstances(service, input.InstanceId);
    const isAll = input.IncludeAllInstances === true;
    const shown = wanted.filter(({ state }) => isAll || state === 'running');
    const { items, nextToken } = listInstancePage(service, shown, input, `DescribeInstanceStatus ${isAll}`);
    return { instanceStatusSet: items.map((instance) => showStatus(service, instance)), nextToken };
  },
};

function showStatus(service: Service, instance: Instance): XmlMembers {
  return {
    instanceId: instance.machine.machineId,
    availabilityZone: zoneOf(service),
    instanceState: showState(instance.state),
    systemStatus: showVerdict(hostVerdict(service, instance)),
    instanceStatus: showVerdict(guestVerdict(instance)),
  };
}

function hostVerdict({ reports, clock }: Service, { machine, state }: Instance): Verdict {
  if (state !== 'running') return 'not-applicable';
  const seenAtMs = reports.last('launch-host', machine.launchHostId)?.atMs ?? 0;
  return clock.nowMs() - seenAtMs < AGENT_NOT_SEEN_MS ? 'ok' : 'insufficient-data';
}

/** A machine whose sign of life is still waited for is initializing, however long that takes. */
function guestVerdict({ status, state }: Instance): Verdict {
  if (state !== 'running') return 'not-applicable';
  if (status?.error !== undefined) return 'impaired';
  return status?.life === undefined ? 'initializing' : 'ok';
}

const REACHABILITY: Readonly<Record<Verdict, string | undefined>> = {
  ok: 'passed',
  impaired: 'failed',
  initializing: 'initializing',
  'insufficient-data': 'insufficient-data',
  'not-applicable': undefined,
};

function showVerdict(verdict: Verdict): XmlMembers {
  const status = REACHABILITY[verdict];
  const details = status === undefined ? undefined : [{ name: 'reachability', status }];
  return { status: verdict, details };
}
