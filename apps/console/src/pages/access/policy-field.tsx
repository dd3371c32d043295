/** A policy as text. What the service says against it stands under it. */
import FormField from '@cloudscape-design/components/form-field';
import Textarea from '@cloudscape-design/components/textarea';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { POLICY_CHARACTERS_MAX, policyTextFault } from './policy-text.ts';

const ROWS = 22;

export interface PolicyFieldProps {
  readonly label: string;
  readonly description?: string;
  readonly text: string;
  readonly isReadOnly?: boolean;
  readonly onChange?: (text: string) => void;
}

export function PolicyField(props: PolicyFieldProps): ReactNode {
  const { label, description, text, isReadOnly = false, onChange } = props;
  const { t } = useI18n();
  const fault = isReadOnly ? undefined : policyTextFault(text);
  const reason = fault?.kind === 'NO_JSON' ? fault.reason : '';
  return (
    <FormField
      stretch
      label={label}
      description={description}
      constraintText={t('access.policy.note', { count: text.length, max: POLICY_CHARACTERS_MAX })}
      errorText={fault === undefined ? undefined : t(`access.policy.fault.${fault.kind}`, { reason })}
    >
      <Textarea
        rows={ROWS}
        spellcheck={false}
        value={text}
        readOnly={isReadOnly}
        onChange={({ detail }) => onChange?.(detail.value)}
      />
    </FormField>
  );
}
