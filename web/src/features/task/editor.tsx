// Markdown source with a preview. The source is the truth: programs write it too, and nothing here rewrites it.
import { Bold, Code, Italic, Link, List, ListChecks } from "lucide-react";
import { useId, useRef, useState, type ReactNode } from "react";

import { usePeople } from "~/features/session/queries";
import { t } from "~/lib/i18n";
import { IconButton } from "~/ui/button";

import { Markdown } from "./markdown";
import { atLineStart, around, mentionAt, type Edit } from "./markup";

type Props = {
  label: string;
  value: string;
  onChange: (text: string) => void;
  onSend: () => void;
  maxLength: number;
  placeholder?: string;
  rows?: number;
};

export function Editor({ label, value, onChange, onSend, maxLength, placeholder, rows = 6 }: Props) {
  const ref = useRef<HTMLTextAreaElement>(null);
  const [preview, setPreview] = useState(false);
  const [caret, setCaret] = useState(0);
  const { all } = usePeople();
  const id = useId();
  const mention = mentionAt(value, caret);
  const found = mention ? all.filter((person) => person.name.toLowerCase().includes(mention.typed.toLowerCase())).slice(0, 6) : [];

  function apply(edit: Edit) {
    onChange(edit.text);
    requestAnimationFrame(() => {
      ref.current?.focus();
      ref.current?.setSelectionRange(edit.from, edit.to);
      setCaret(edit.to);
    });
  }
  const at = () => ({ text: value, from: ref.current?.selectionStart ?? 0, to: ref.current?.selectionEnd ?? 0 });
  const tool = (label: string, sign: ReactNode, make: (edit: Edit) => Edit) => (
    <IconButton key={label} label={label} className="size-7" onClick={() => apply(make(at()))}>{sign}</IconButton>
  );
  const choose = (person: { id: string; name: string }) => {
    if (!mention) return;
    const inserted = `@[${person.name.replace(/[[\]]/g, "")}](user:${person.id}) `;
    const from = mention.start + inserted.length;
    apply({ text: value.slice(0, mention.start) + inserted + value.slice(caret), from, to: from });
  };
  return (
    <div className="relative rounded-xl border border-line-strong bg-surface focus-within:border-accent">
      <div className="flex items-center gap-0.5 border-b border-line px-1.5 py-1">
        {!preview && (
          <div role="toolbar" aria-label={t.editor.tools} className="flex">
            {tool(t.editor.bold, <Bold size={14} />, (edit) => around(edit, "**"))}
            {tool(t.editor.italic, <Italic size={14} />, (edit) => around(edit, "_"))}
            {tool(t.editor.code, <Code size={14} />, (edit) => around(edit, "`"))}
            {tool(t.editor.link, <Link size={14} />, (edit) => around(edit, "[", "](https://)"))}
            {tool(t.editor.list, <List size={14} />, (edit) => atLineStart(edit, "- "))}
            {tool(t.editor.tasks, <ListChecks size={14} />, (edit) => atLineStart(edit, "- [ ] "))}
          </div>
        )}
        <button type="button" aria-pressed={preview} onClick={() => setPreview(!preview)} className="ml-auto rounded-md px-2 py-0.5 text-xs text-ink-2 hover:text-ink aria-pressed:bg-sunken">{t.editor.preview}</button>
      </div>
      {preview
        ? <div className="min-h-24 px-3 py-2">{value ? <Markdown text={value} /> : <p className="text-ink-2">{t.editor.nothing}</p>}</div>
        : <textarea ref={ref} aria-label={label} aria-controls={found.length ? id : undefined} value={value} rows={rows} maxLength={maxLength} placeholder={placeholder}
            className="field-sizing-content block max-h-96 w-full resize-y bg-transparent px-3 py-2 placeholder:text-ink-2 focus:outline-none" style={{ minHeight: `${rows * 1.375 + 1}rem` }}
            onChange={(event) => {
              onChange(event.target.value);
              setCaret(event.target.selectionEnd);
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionEnd)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) onSend();
              else if (event.key === "Tab" && found[0] && !event.shiftKey) {
                event.preventDefault();
                choose(found[0]);
              }
            }} />}
      {found.length > 0 && (
        <ul id={id} aria-label={t.editor.people} className="absolute top-full left-2 z-30 mt-1 min-w-48 rounded-xl border border-line bg-raised p-1 shadow-float">
          {found.map((person, index) => (
            <li key={person.id}><button type="button" onClick={() => choose(person)} className="flex w-full items-center justify-between gap-3 rounded-lg px-2 py-1 text-left hover:bg-sunken">{person.name}{index === 0 && <span className="text-xs text-ink-2">Tab</span>}</button></li>
          ))}
        </ul>
      )}
    </div>
  );
}
