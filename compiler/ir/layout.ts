/**
 * Text that knows where it may break: documents of groups, breaks and indentation, laid out greedily in one walk
 * (Oppen 1980, Wadler 2003; the choices are those of JAX's printer, so that the same jaxpr breaks at the same places).
 */

export type Document =
  | string
  | readonly Document[]
  /** `flat` if the enclosing group fits on the line, else a new line. */
  | { readonly kind: 'break'; readonly flat: string }
  | { readonly kind: 'group'; readonly body: Document }
  | { readonly kind: 'nest'; readonly by: number; readonly body: Document }
  /** Put at the end of the line on which it stands; it does not count towards the width. */
  | { readonly kind: 'comment'; readonly text: string };

export function lineBreak(flat = ' '): Document {
  return { kind: 'break', flat };
}

export function group(...body: readonly Document[]): Document {
  return { kind: 'group', body };
}

export function nest(by: number, ...body: readonly Document[]): Document {
  return { kind: 'nest', by, body };
}

export function comment(text: string): Document {
  return { kind: 'comment', text };
}

export function join(separator: Document, documents: readonly Document[]): Document {
  return documents.flatMap((document, i) => (i === 0 ? [document] : [separator, document]));
}

/** The document as text, at most `width` columns wide where its breaks allow it. */
export function layOut(document: Document, width = 80): string {
  const lines: string[] = [];
  let line = '';
  let comments: string[] = [];
  const finishLine = (): void => {
    const notes = comments.length === 0 ? '' : `  # ${[...new Set(comments)].join(', ')}`;
    lines.push(line.trimEnd() + notes);
    comments = [];
  };
  const walk = (part: Document, indent: number, flat: boolean): void => {
    if (typeof part === 'string') line += part;
    else if (!('kind' in part)) for (const child of part) walk(child, indent, flat);
    else if (part.kind === 'comment') comments.push(part.text);
    else if (part.kind === 'nest') walk(part.body, indent + part.by, flat);
    else if (part.kind === 'group') walk(part.body, indent, flat || fits(part.body, width - line.length));
    else if (flat) line += part.flat;
    else {
      finishLine();
      line = ' '.repeat(indent);
    }
  };
  walk(document, 0, false);
  finishLine();
  return lines.join('\n');
}

/** Whether the document, without what follows it, fits flat into `room` columns. */
function fits(document: Document, room: number): boolean {
  const rest: Document[] = [document];
  while (room >= 0) {
    const part = rest.pop();
    if (part === undefined) return true;
    if (typeof part === 'string') room -= part.length;
    else if (!('kind' in part)) for (let i = part.length - 1; i >= 0; i--) rest.push(part[i]!);
    else if (part.kind === 'break') room -= part.flat.length;
    else if (part.kind !== 'comment') rest.push(part.body);
  }
  return false;
}
