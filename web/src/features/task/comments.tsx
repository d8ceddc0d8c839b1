import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { SmilePlus } from "lucide-react";
import { useState } from "react";

import { useMay, useMe, usePeople } from "~/features/session/queries";
import { api, ask, type Schemas } from "~/lib/api/client";
import { ago, showMoment } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Avatar } from "~/ui/avatar";
import { Button } from "~/ui/button";
import { Menu, MenuItem } from "~/ui/menu";
import { toast } from "~/ui/toasts";

import { useDraft } from "./drafts";
import { Editor } from "./editor";
import { Markdown } from "./markdown";
import type { FullTask } from "./model";
import { commentsQuery, repliesQuery } from "./queries";

type Comment = Schemas["CommentView"];
type Reaction = Schemas["ReactionKind"];

const SIGNS: Record<Reaction, string> = {
  thumbs_up: "👍", thumbs_down: "👎", heart: "❤️", celebrate: "🎉", rocket: "🚀", eyes: "👀", laugh: "😄", surprised: "😮", sad: "😢", like: "⭐", love: "😍",
};

export function Comments({ task }: { task: FullTask }) {
  const { data = [] } = useQuery(commentsQuery(task.id));
  const cache = useQueryClient();
  const mayWrite = useMay("comment:create");
  const send = async (body: string) => {
    await ask(api.POST("/api/v1/tasks/{id}/comments", { params: { path: { id: task.id } }, body: { body } }));
    await cache.invalidateQueries({ queryKey: ["comments"] });
  };
  return (
    <section aria-label={t.comment.title} className="grid gap-4 border-t border-line pt-4">
      <h3 className="text-sm font-semibold">{t.comment.title} {data.length > 0 && <span className="font-normal text-ink-2 tabular-nums">{data.length}</span>}</h3>
      <ol className="grid gap-4">{data.map((comment) => <li key={comment.id}><Thread comment={comment} mayWrite={mayWrite} /></li>)}</ol>
      {mayWrite && <Write name={`comment.${task.id}`} action={t.comment.send} send={send} />}
    </section>
  );
}

function Thread({ comment, mayWrite }: { comment: Comment; mayWrite: boolean }) {
  const cache = useQueryClient();
  const [answering, setAnswering] = useState(false);
  const { data: replies = [] } = useQuery({ ...repliesQuery(comment.id), enabled: comment.reply_count > 0 });
  const send = async (body: string) => {
    await ask(api.POST("/api/v1/comments/{id}/replies", { params: { path: { id: comment.id } }, body: { body } }));
    await cache.invalidateQueries({ queryKey: ["comments"] });
    setAnswering(false);
  };
  return (
    <>
      <One comment={comment} mayWrite={mayWrite} {...(mayWrite && { onReply: () => setAnswering(true) })} />
      {(replies.length > 0 || answering) && (
        <ol className="mt-3 ml-3.5 grid gap-3 border-l border-line pl-5">
          {replies.map((reply) => <li key={reply.id}><One comment={reply} mayWrite={mayWrite} /></li>)}
          {answering && <li><Write name={`reply.${comment.id}`} action={t.comment.reply} send={send} /></li>}
        </ol>
      )}
    </>
  );
}

function One({ comment, mayWrite, onReply }: { comment: Comment; mayWrite: boolean; onReply?: () => void }) {
  const { find } = usePeople();
  const me = useMe();
  const author = find(comment.author_id);
  const [editing, setEditing] = useState(false);
  const { mutate } = useChange();
  const own = author.id === me.user.id;
  const path = { path: { id: comment.id } };
  return (
    <article className="grid grid-cols-[auto_1fr] gap-x-2.5">
      <Avatar person={author} size="size-7" label={false} />
      <div className="min-w-0">
        <header className="flex flex-wrap items-baseline gap-x-2 text-sm">
          <span className="font-semibold">{author.name}</span>
          <time dateTime={comment.created_at} title={showMoment(comment.created_at)} className="text-xs text-ink-2">{ago(comment.created_at)}</time>
          {comment.edited_at && <span className="text-xs text-ink-2">{t.comment.edited}</span>}
        </header>
        {editing
          ? <Write name={`edit.${comment.id}`} initial={comment.body} action={t.common.save} send={async (body) => {
              await ask(api.PATCH("/api/v1/comments/{id}", { params: path, body: { body, version: comment.version } }));
              mutate(() => Promise.resolve());
              setEditing(false);
            }} />
          : <Markdown text={comment.body} />}
        <footer className="mt-1 flex flex-wrap items-center gap-1 text-xs">
          {comment.reactions.map((reaction) => <ReactionButton key={reaction.kind} comment={comment} reaction={reaction} />)}
          {mayWrite && <AddReaction comment={comment} />}
          {onReply && <button type="button" className="rounded-md px-1.5 py-0.5 text-ink-2 hover:bg-sunken hover:text-ink" onClick={onReply}>{t.comment.reply}</button>}
          {own && !editing && <button type="button" className="rounded-md px-1.5 py-0.5 text-ink-2 hover:bg-sunken hover:text-ink" onClick={() => setEditing(true)}>{t.common.edit}</button>}
          {own && <button type="button" className="rounded-md px-1.5 py-0.5 text-ink-2 hover:bg-sunken hover:text-danger" onClick={() => mutate(() => ask(api.DELETE("/api/v1/comments/{id}", { params: path })))}>{t.common.remove}</button>}
        </footer>
      </div>
    </article>
  );
}

function useChange() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (change: () => Promise<unknown>) => change(),
    onError: toast.failed,
    onSettled: () => cache.invalidateQueries({ queryKey: ["comments"] }),
  });
}

function useReact(comment: Comment) {
  const { mutate } = useChange();
  return (kind: Reaction, on: boolean) => mutate(() => {
    const params = { params: { path: { id: comment.id, kind } } };
    return ask(on ? api.PUT("/api/v1/comments/{id}/reactions/{kind}", params) : api.DELETE("/api/v1/comments/{id}/reactions/{kind}", params));
  });
}

function ReactionButton({ comment, reaction }: { comment: Comment; reaction: Schemas["ReactionCount"] }) {
  const react = useReact(comment);
  return (
    <button type="button" aria-pressed={reaction.mine} aria-label={`${t.reaction[reaction.kind]} ${reaction.count}`} onClick={() => react(reaction.kind, !reaction.mine)}
      className="inline-flex items-center gap-1 rounded-full border border-line px-1.5 py-px tabular-nums aria-pressed:border-accent aria-pressed:bg-tint">
      <span aria-hidden>{SIGNS[reaction.kind]}</span> {reaction.count}
    </button>
  );
}

function AddReaction({ comment }: { comment: Comment }) {
  const react = useReact(comment);
  return (
    <Menu trigger={<button type="button" aria-label={t.comment.react} className="inline-flex size-6 items-center justify-center rounded-md text-ink-2 hover:bg-sunken"><SmilePlus size={14} /></button>}>
      {(Object.keys(SIGNS) as Reaction[]).map((kind) => <MenuItem key={kind} onSelect={() => react(kind, true)}><span aria-hidden>{SIGNS[kind]}</span>{t.reaction[kind]}</MenuItem>)}
    </Menu>
  );
}

function Write({ name, action, send, initial = "" }: { name: string; action: string; send: (body: string) => Promise<void>; initial?: string }) {
  const [text, write, drop] = useDraft(name, initial);
  const [busy, setBusy] = useState(false);
  async function submit() {
    if (!text.trim() || busy) return;
    setBusy(true);
    try {
      await send(text.trim());
      drop();
    } catch (error) {
      toast.failed(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <div className="grid gap-2">
      <Editor label={t.comment.write} placeholder={t.comment.hint} value={text} onChange={write} onSend={() => void submit()} rows={2} maxLength={20_000} />
      <Button kind="primary" className="justify-self-end" disabled={busy || !text.trim()} onClick={() => void submit()}>{action}</Button>
    </div>
  );
}
