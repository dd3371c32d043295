/** A field that searches as one types: what is typed counts when the keys have been still, or at Enter. */
import Input from '@cloudscape-design/components/input';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useConsole } from '../shell/console-context.tsx';

export interface SearchInputProps {
  /** What is searched for now, whoever chose it. */
  readonly value: string;
  /** Shown while nothing is typed. */
  readonly hint: string;
  readonly onSearch: (text: string) => void;
}

const STILL_MS = 300;

export function SearchInput({ value, hint, onSearch }: SearchInputProps): ReactNode {
  const { clock } = useConsole();
  const [text, setText] = useState(value);
  const searched = useRef(value);
  useEffect(() => {
    if (value === searched.current) return;
    searched.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text === searched.current) return undefined;
    return clock.after(STILL_MS, () => {
      searched.current = text;
      onSearch(text);
    });
  }, [text, onSearch, clock]);
  const searchNow = () => {
    searched.current = text;
    onSearch(text);
  };
  return (
    <Input
      type="search"
      value={text}
      placeholder={hint}
      onChange={({ detail }) => setText(detail.value)}
      onKeyDown={({ detail }) => {
        if (detail.key === 'Enter' && text !== searched.current) searchNow();
      }}
    />
  );
}
