/** One of a few values, each with its words. */
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import type { ReactNode } from 'react';

export interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly description?: string;
  readonly values: readonly Value[];
  readonly chosen: Value | undefined;
  readonly textOf: (value: Value) => string;
  readonly onChoose: (value: Value) => void;
}

export function Choice<Value extends string>(props: ChoiceProps<Value>): ReactNode {
  const { label, description, values, chosen, textOf, onChoose } = props;
  const options = values.map((value) => ({ value, label: textOf(value) }));
  return (
    <FormField label={label} description={description}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === chosen) ?? null}
        onChange={({ detail }) => {
          const value = values.find((one) => one === detail.selectedOption.value);
          if (value !== undefined) onChoose(value);
        }}
      />
    </FormField>
  );
}
