/** Where each parameter of a script has its value from. */
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { Choice } from '../widgets/choice.tsx';
import {
  type ActionDraft,
  lackingParameters,
  PARAMETER_SOURCES,
  type ParameterSource,
  sourceOf,
} from './action-draft.ts';

export interface ParameterFieldsProps {
  readonly script: Landfall.ScriptDocumentItem;
  readonly stored: readonly Landfall.ScriptParameterItem[];
  readonly draft: ActionDraft;
  readonly onChange: (change: Partial<ActionDraft>) => void;
}

const BEGINNINGS = {
  DEFAULT: { kind: 'DEFAULT' },
  STORED: { kind: 'STORED', names: [] },
  AT_LAUNCH: { kind: 'AT_LAUNCH', path: '' },
} as const satisfies Record<ParameterSource['kind'], ParameterSource>;

export function ParameterFields({ script, stored, draft, onChange }: ParameterFieldsProps): ReactNode {
  const { t } = useI18n();
  if (script.parameters.length === 0) return null;
  const lacking = lackingParameters(draft, script);
  return (
    <ExpandableSection headerText={t('actions.parameters')} defaultExpanded>
      <SpaceBetween size="m">
        {script.parameters.map((parameter) => (
          <ParameterField
            key={parameter.name}
            {...{ parameter, stored }}
            source={sourceOf(draft, parameter.name)}
            isLacking={lacking.includes(parameter.name)}
            onChange={(source) => onChange({ parameters: { ...draft.parameters, [parameter.name]: source } })}
          />
        ))}
      </SpaceBetween>
    </ExpandableSection>
  );
}

interface FieldProps {
  readonly parameter: Landfall.ScriptParameterDeclaration;
  readonly stored: readonly Landfall.ScriptParameterItem[];
  readonly source: ParameterSource;
  readonly isLacking: boolean;
  readonly onChange: (source: ParameterSource) => void;
}

function ParameterField({ parameter, stored, source, isLacking, onChange }: FieldProps): ReactNode {
  const { t } = useI18n();
  const { name, defaultValue, description } = parameter;
  const errorText = isLacking ? t('actions.parameter.lacking', { name }) : undefined;
  return (
    <SpaceBetween size="xs">
      <Choice
        label={name}
        {...(description === undefined ? {} : { description })}
        values={PARAMETER_SOURCES}
        chosen={source.kind}
        textOf={(kind) =>
          kind === 'DEFAULT' && defaultValue !== undefined
            ? t('actions.parameter.default', { value: defaultValue })
            : t(`actions.parameter.${kind}`)
        }
        onChoose={(kind) => onChange(BEGINNINGS[kind])}
      />
      {source.kind === 'DEFAULT' && isLacking && <FormField errorText={errorText} />}
      {source.kind === 'STORED' && (
        <StoredValues
          label={t('actions.parameter.stored', { name })}
          {...{ stored, errorText, onChange }}
          names={source.names}
        />
      )}
      {source.kind === 'AT_LAUNCH' && (
        <FormField
          label={t('actions.parameter.path', { name })}
          constraintText={t('actions.parameter.pathNote')}
          errorText={errorText}
        >
          <Input
            value={source.path}
            placeholder="sourceProperties.identificationHints.hostname"
            onChange={({ detail }) => onChange({ kind: 'AT_LAUNCH', path: detail.value.trim() })}
          />
        </FormField>
      )}
    </SpaceBetween>
  );
}

function StoredValues(props: {
  readonly label: string;
  readonly stored: readonly Landfall.ScriptParameterItem[];
  readonly names: readonly string[];
  readonly errorText: string | undefined;
  readonly onChange: (source: ParameterSource) => void;
}): ReactNode {
  const { label, stored, names, errorText, onChange } = props;
  const { t } = useI18n();
  // One that was deleted stays to be seen, and to be taken away.
  const gone = names.filter((name) => !stored.some((one) => one.name === name));
  const options = [
    ...stored.map(({ name, secure, value }) => ({
      value: name,
      label: name,
      description: secure ? t('actions.parameter.secret') : (value ?? ''),
    })),
    ...gone.map((name) => ({ value: name, label: name, description: t('actions.parameter.gone') })),
  ];
  return (
    <FormField label={label} constraintText={t('actions.parameter.storedNote')} errorText={errorText}>
      <Multiselect
        options={options}
        empty={t('actions.parameter.noneStored')}
        selectedOptions={options.filter(({ value }) => names.includes(value))}
        onChange={({ detail }) =>
          onChange({ kind: 'STORED', names: detail.selectedOptions.map(({ value = '' }) => value) })
        }
      />
    </FormField>
  );
}
