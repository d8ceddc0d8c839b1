// A task over whatever screen one is on. The address names it, so a link opens it and the way back closes it.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Eye, Link2, Share2, Trash2, X } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";

import { remove } from "~/features/board/card-menu";
import { projectQuery } from "~/features/project/queries";
import { useMay } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { IconButton } from "~/ui/button";
import { Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { dropTask } from "./cache";
import { Checklists } from "./checklists";
import { Comments } from "./comments";
import { Dependencies } from "./dependencies";
import { Description } from "./description";
import { edit } from "./edit";
import { History } from "./history";
import type { FullTask } from "./model";
import { Properties } from "./properties";
import { taskQuery } from "./queries";
import { Subtasks } from "./subtasks";

const Share = lazy(() => import("./share").then((module) => ({ default: module.Share })));

export function TaskPanel({ taskKey, onClose }: { taskKey: string; onClose: () => void }) {
  const { data: task, error, refetch } = useQuery(taskQuery(taskKey));
  const ref = useRef<HTMLElement>(null);
  useReturningFocus(ref, taskKey);
  return (
    // Escape closes it from wherever in it the focus is.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside ref={ref} tabIndex={-1} aria-label={t.task.panel(taskKey)}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        onClose();
      }}
      className="slide fixed inset-y-0 right-0 z-20 flex w-full flex-col border-l border-line bg-surface shadow-float outline-none sm:w-[min(40rem,92vw)]">
      <Head task={task} taskKey={taskKey} onClose={onClose} />
      {error && !task && <Failed error={error} again={refetch} />}
      {!task && !error && <div className="grid gap-3 p-5"><Skeleton className="h-8 w-2/3" /><Skeleton className="h-28" /><Skeleton className="h-40" /></div>}
      {task && <Body key={task.id} task={task} />}
    </aside>
  );
}

/** Takes the focus in, and gives it back to what had it. */
function useReturningFocus(ref: React.RefObject<HTMLElement | null>, key: string) {
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.focus();
    return () => {
      const card = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"] a`);
      if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
      else card?.focus();
    };
  }, [ref, key]);
}

function Head({ task, taskKey, onClose }: { task: FullTask | undefined; taskKey: string; onClose: () => void }) {
  const cache = useQueryClient();
  const [sharing, setSharing] = useState(false);
  const mayShare = useMay("link:create");
  const mayDelete = useMay("task:delete");
  const copy = () => navigator.clipboard.writeText(location.href).then(() => toast.say(t.task.linkCopied));
  const watch = async (id: string) => {
    await ask(api.PUT("/api/v1/tasks/{id}/watch", { params: { path: { id } } }));
    toast.say(t.task.watched);
  };
  return (
    <header className="flex items-center gap-1 border-b border-line px-3 py-2">
      <span className="px-2 text-sm font-medium text-ink-2 tabular-nums">{taskKey}</span>
      <span className="flex-1" />
      {task && (
        <>
          <IconButton label={t.task.watch} onClick={() => void watch(task.id).catch(toast.failed)}><Eye size={16} /></IconButton>
          <IconButton label={t.task.copyLink} onClick={() => void copy()}><Link2 size={16} /></IconButton>
          {mayShare && <IconButton label={t.share.title} onClick={() => setSharing(true)}><Share2 size={16} /></IconButton>}
          {mayDelete && (
            <IconButton label={t.task.remove} onClick={() => {
              onClose();
              void remove(task, (id) => dropTask(cache, id), () => void cache.invalidateQueries());
            }}><Trash2 size={16} /></IconButton>
          )}
        </>
      )}
      <IconButton label={t.common.close} onClick={onClose}><X size={16} /></IconButton>
      {sharing && task && <Suspense fallback={null}><Share resource={{ kind: "task", id: task.id }} onClose={() => setSharing(false)} /></Suspense>}
    </header>
  );
}

function Body({ task }: { task: FullTask }) {
  const { data: project } = useQuery(projectQuery(task.project_id));
  const editable = useMay("task:update") && !project?.archived_at && !task.archived_at;
  return (
    <div className="grid min-h-0 flex-1 auto-rows-min gap-4 overflow-y-auto px-5 py-4">
      <Title key={task.title} task={task} editable={editable} />
      <Properties task={task} editable={editable} />
      <Description task={task} editable={editable} />
      <Checklists task={task} editable={editable} />
      <Subtasks task={task} editable={editable} />
      <Dependencies task={task} editable={editable} />
      <Comments task={task} />
      <History task={task} />
    </div>
  );
}

function Title({ task, editable }: { task: FullTask; editable: boolean }) {
  const cache = useQueryClient();
  const [title, setTitle] = useState(task.title);
  if (!editable) return <h2 className="text-xl font-semibold">{task.title}</h2>;
  const save = () => {
    const wanted = title.trim();
    if (wanted && wanted !== task.title) void edit(cache, task, { title: wanted });
    else setTitle(task.title);
  };
  return (
    <h2>
      <textarea aria-label={t.task.title} value={title} rows={1} maxLength={200}
        className="field-sizing-content -mx-2 block w-[calc(100%+1rem)] resize-none rounded-lg border border-transparent bg-transparent px-2 py-1 text-xl font-semibold hover:border-line focus:border-line-strong"
        onChange={(event) => setTitle(event.target.value.replaceAll("\n", " "))}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            event.currentTarget.blur();
          }
        }} />
    </h2>
  );
}
