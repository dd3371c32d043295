/**
 * What programs and servers say of themselves: English in every language of the console, and said to be, so
 * that it is read aloud as what it is.
 */
import type { ReactNode } from 'react';

export function InEnglish({ children }: { readonly children: ReactNode }): ReactNode {
  return <span lang="en">{children}</span>;
}
