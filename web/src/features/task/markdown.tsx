// Markdown as people wrote it. Raw HTML in it is shown as text, and what is left goes through a sanitiser.
import DOMPurify from "dompurify";
import { Marked } from "marked";
import { useMemo } from "react";

const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** `@[Ada](user:<id>)` names a person; the name stands out and leads nowhere. */
const MENTION = /^@\[([^\]\n]{1,100})\]\(user:[0-9a-f-]{36}\)/;

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escaped(text),
    // A picture elsewhere would tell its server who reads here.
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
  extensions: [{
    name: "mention",
    level: "inline",
    start: (text) => text.indexOf("@["),
    tokenizer: (text) => {
      const found = MENTION.exec(text);
      return found ? { type: "mention", raw: found[0], name: found[1] } : undefined;
    },
    renderer: (token) => `<strong>@${escaped(String(token["name"]))}</strong>`,
  }],
});

const ALLOWED = {
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|\/(?!\/)|#)/i,
  FORBID_TAGS: ["style", "form", "input", "img", "svg", "math"],
  FORBID_ATTR: ["style", "class", "id"],
};

/** HTML that is safe to show. */
export function rendered(text: string): string {
  return DOMPurify.sanitize(marked.parse(text, { async: false }), ALLOWED);
}

export function Markdown({ text }: { text: string }) {
  const html = useMemo(() => rendered(text), [text]);
  return <div className="prose min-w-0 break-words" dangerouslySetInnerHTML={{ __html: html }} />;
}
