// Edits of Markdown source: a text, and what is selected in it.
export type Edit = { text: string; from: number; to: number };

/** Puts marks around what is selected. */
export function around({ text, from, to }: Edit, before: string, after = before): Edit {
  const chosen = text.slice(from, to);
  return {
    text: text.slice(0, from) + before + chosen + after + text.slice(to),
    from: from + before.length,
    to: to + before.length,
  };
}

/** Puts a mark before every selected line. */
export function atLineStart({ text, from, to }: Edit, mark: string): Edit {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const lines = text.slice(start, to).split("\n");
  const marked = lines.map((line) => mark + line).join("\n");
  return {
    text: text.slice(0, start) + marked + text.slice(to),
    from: from + mark.length,
    to: to + mark.length * lines.length,
  };
}

/** What is typed of a name behind an `@`, and where that stands. */
export function mentionAt(text: string, caret: number): { start: number; typed: string } | null {
  const found = /(?:^|[\s(])@([\p{L}\p{N}.'-]*(?: [\p{L}\p{N}.'-]*)?)$/u.exec(text.slice(0, caret));
  const typed = found?.[1];
  return typed === undefined ? null : { start: caret - typed.length - 1, typed };
}
