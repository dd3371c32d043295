/** Hands a text to the person as a file. */
export interface TextFile {
  readonly name: string;
  readonly contentType: string;
  readonly text: string;
}

export function downloadText({ name, contentType, text }: TextFile): void {
  const href = URL.createObjectURL(new Blob([text], { type: contentType }));
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
  URL.revokeObjectURL(href);
}
