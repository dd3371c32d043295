/** A filter by ids: what is typed is kept as it is, and counts once all of it is well formed. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

export interface ParsedIds {
  readonly ids: readonly string[];
  /** The first that is none. */
  readonly wrong?: string | undefined;
}

export interface IdsFilterProps {
  readonly label: string;
  readonly text: string;
  readonly parse: (text: string) => ParsedIds;
  readonly wrongText: (wrong: string) => string;
  readonly onText: (text: string) => void;
  readonly onIds: (ids: readonly string[]) => void;
}

export function IdsFilter({ label, text, parse, wrongText, onText, onIds }: IdsFilterProps): ReactNode {
  const { t } = useI18n();
  const { wrong } = parse(text);
  return (
    <FormField
      label={label}
      errorText={wrong === undefined ? undefined : wrongText(wrong)}
      constraintText={t('servers.filter.idsNote')}
    >
      <Input
        type="search"
        value={text}
        onChange={({ detail }) => {
          onText(detail.value);
          const parsed = parse(detail.value);
          if (parsed.wrong === undefined) onIds(parsed.ids);
        }}
      />
    </FormField>
  );
}
