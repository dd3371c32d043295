/** A new version of the launch template, beginning with the present default; it becomes the default. */
import Autosuggest from '@cloudscape-design/components/autosuggest';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { limitText, parseLimit } from '../../../servers/fill-limit.ts';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { ConfirmDialog } from '../../../widgets/confirm-dialog.tsx';
import { FillFields } from './fill-fields.tsx';
import { InboundFields } from './inbound-fields.tsx';
import { parsePorts } from './ports.ts';

export interface NewVersionDialogProps {
  readonly sourceServerID: string;
  readonly current: Landfall.LaunchTemplateVersion | undefined;
  readonly onEnd: () => void;
}

export function NewVersionDialog({ sourceServerID, current, onEnd }: NewVersionDialogProps): ReactNode {
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const sizes = useLive({ key: 'machine sizes', on: [], load: () => landfall('ListMachineSizes', {}) });
  const known = current?.launchTemplateData ?? {};
  const [size, setSize] = useState(known.instanceType ?? '');
  const [ports, setPorts] = useState((known.inboundPorts ?? []).join(', '));
  const [traffic, setTraffic] = useState(known.inboundTraffic ?? 'LISTED_PORTS');
  const [network, setNetwork] = useState(known.networkName ?? '');
  const [start, setStart] = useState(known.hydrationStart ?? 'AFTER_LAUNCH');
  const [limit, setLimit] = useState(limitText(known.hydrationBytesPerSecondMax));
  const [description, setDescription] = useState('');
  const inboundPorts = parsePorts(ports);
  const bytesPerSecondMax = parseLimit(limit);
  const create = useChange({
    work: async () => {
      const { launchTemplateVersion: made } = await landfall('CreateLaunchTemplateVersion', {
        sourceServerID,
        launchTemplateData: {
          ...known,
          inboundPorts: inboundPorts ?? [],
          inboundTraffic: traffic,
          instanceType: size.trim() === '' ? undefined : size.trim(),
          networkName: network.trim() === '' ? undefined : network.trim(),
          hydrationStart: start,
          hydrationBytesPerSecondMax: bytesPerSecondMax,
        },
        ...(description.trim() === '' ? {} : { versionDescription: description.trim() }),
      });
      const version = String(made.versionNumber);
      await landfall('SetDefaultLaunchTemplateVersion', { sourceServerID, version });
      return version;
    },
    says: (version) => t('launch.template.created.done', { version }),
    onEnd,
  });
  const options = (sizes.value?.items ?? []).map(({ name, cpuCount, memoryBytes }) => ({
    value: name,
    description: `${cpuCount} CPU, ${formats.bytes(memoryBytes)}`,
  }));
  return (
    <ConfirmDialog
      title={t('launch.template.new')}
      consequence={t('launch.template.text')}
      confirmText={t('launch.template.new')}
      isFinal={false}
      isBusy={create.isBusy}
      isDisabled={inboundPorts === undefined || bytesPerSecondMax === undefined}
      onConfirm={create.run}
      onCancel={onEnd}
    >
      <SpaceBetween size="m">
        <FormField label={t('launch.template.size')}>
          <Autosuggest
            value={size}
            options={options}
            onChange={({ detail }) => setSize(detail.value)}
            ariaLabel={t('launch.template.size')}
          />
        </FormField>
        <InboundFields ports={ports} traffic={traffic} onPorts={setPorts} onTraffic={setTraffic} />
        <FormField label={t('launch.template.network')} description={t('launch.template.networkNote')}>
          <Input value={network} onChange={({ detail }) => setNetwork(detail.value)} />
        </FormField>
        <FillFields start={start} limit={limit} onStart={setStart} onLimit={setLimit} />
        <FormField label={t('launch.template.description')}>
          <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
        </FormField>
      </SpaceBetween>
    </ConfirmDialog>
  );
}
