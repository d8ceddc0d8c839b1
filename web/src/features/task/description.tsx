import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";

import { hasDraft, useDraft } from "./drafts";
import { edit } from "./edit";
import { Editor } from "./editor";
import { Markdown } from "./markdown";
import type { FullTask } from "./model";

/** The description as it reads; its Markdown while it is written. */
export function Description({ task, editable }: { task: FullTask; editable: boolean }) {
  const name = `description.${task.id}`;
  const [writing, setWriting] = useState(() => editable && hasDraft(name));
  if (writing) return <Write name={name} task={task} onClose={() => setWriting(false)} />;
  return (
    <section aria-label={t.task.description}>
      {task.description ? <Markdown text={task.description} /> : !editable && <p className="text-ink-2">{t.task.noDescription}</p>}
      {editable && (
        <Button kind="quiet" className="-ml-3 mt-1 text-sm" onClick={() => setWriting(true)}>{task.description ? t.task.editDescription : t.task.addDescription}</Button>
      )}
    </section>
  );
}

function Write({ name, task, onClose }: { name: string; task: FullTask; onClose: () => void }) {
  const cache = useQueryClient();
  const [text, write, drop] = useDraft(name, task.description);
  async function save() {
    // The version says what the text was written over: somebody else's newer one is not lost.
    const saved = text === task.description || await edit(cache, task, { description: text, version: task.version });
    if (!saved) return;
    drop();
    onClose();
  }
  return (
    <section aria-label={t.task.description} className="grid gap-2">
      <Editor label={t.task.description} value={text} onChange={write} maxLength={50_000} onSend={() => void save()} />
      <div className="flex justify-end gap-2">
        <Button onClick={() => {
          drop();
          onClose();
        }}>{t.common.cancel}</Button>
        <Button kind="primary" onClick={() => void save()}>{t.common.save}</Button>
      </div>
    </section>
  );
}
