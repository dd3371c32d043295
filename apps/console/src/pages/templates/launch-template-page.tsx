/** One launch configuration template: its settings, and what runs in machines launched by it. */
import Button from '@cloudscape-design/components/button';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { apiFailure, isGone } from '../../api/failure.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { useParameter } from '../../shell/pages.tsx';
import { hrefOf, launchTemplateHref } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { DeleteTemplateDialog } from './delete-template-dialog.tsx';
import { LaunchSettingsForm } from './launch-settings-form.tsx';

import { TemplateActions } from './template-actions.tsx';
import { TEMPLATES_PATH, templateName } from './template-values.ts';

const LIST_HREF = hrefOf(TEMPLATES_PATH, { tab: 'launch' });

export function LaunchTemplatePage(): ReactNode {
  const { t } = useI18n();
  const { mgn, queries } = useConsole();
  const templateId = useParameter('templateId');
  const key = `launch configuration template ${templateId}`;
  const answer = useLive({
    key,
    on: ['TemplateChanged'],
    about: templateId,
    load: async () => {
      const filter = { launchConfigurationTemplateIDs: [templateId] };
      const [template] = (await mgn('DescribeLaunchConfigurationTemplates', filter)).items ?? [];
      if (template !== undefined) return template;
      throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: templateId });
    },
  });
  const name = answer.value === undefined ? templateId : templateName(templateId, answer.value);
  useTitle(name);
  useSurroundings([
    { text: t('templates.title'), href: LIST_HREF },
    { text: name, href: launchTemplateHref(templateId) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure))
    return <GonePage name={name} listHref={LIST_HREF} />;
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(key)}>
      {(template) => <KnownTemplate name={name} template={template} />}
    </LiveState>
  );
}

function KnownTemplate(props: {
  readonly name: string;
  readonly template: Mgn.LaunchConfigurationTemplate;
}): ReactNode {
  const { name, template } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { go } = useNavigation();
  const [isEnding, setIsEnding] = useState(false);
  const { launchConfigurationTemplateID } = template;
  const remove = async () => {
    await mgn('DeleteLaunchConfigurationTemplate', { launchConfigurationTemplateID });
    go(LIST_HREF);
  };
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={launchConfigurationTemplateID}
          actions={<Button onClick={() => setIsEnding(true)}>{t('templates.delete')}</Button>}
        >
          {name}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <LaunchSettingsForm name={name} template={template} />
        <TemplateActions templateId={launchConfigurationTemplateID} />
      </SpaceBetween>
      {isEnding && <DeleteTemplateDialog name={name} work={remove} onEnd={() => setIsEnding(false)} />}
    </ContentLayout>
  );
}
