/** What runs in machines after their launch: the actions of a launch configuration template. */
import type { ReactNode } from 'react';
import { ActionList } from '../../actions/action-list.tsx';
import { useI18n } from '../../i18n/i18n-context.tsx';

export function TemplateActions({ templateId }: { readonly templateId: string }): ReactNode {
  const { t } = useI18n();
  return (
    <ActionList
      owner={{ kind: 'TEMPLATE', id: templateId }}
      title={t('actions.title')}
      text={t('templates.actions.text')}
      addText={t('templates.actions.addText')}
      removeText={t('templates.actions.removeText')}
    />
  );
}
