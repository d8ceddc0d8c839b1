import { useMe, usePeople } from "~/features/session/queries";
import { t } from "~/lib/i18n";
import { Avatars } from "~/ui/avatar";

import type { Presence } from "./presence";

/** Who else looks at the board, and whether what they do is seen here at once. */
export function Who({ here, live }: { here: Presence[]; live: boolean }) {
  const { find } = usePeople();
  const me = useMe();
  const others = [...new Set(here.map((one) => one.user_id))].filter((id) => id !== me.user.id);
  return (
    <div role="status" aria-label={t.live.here} className="flex items-center gap-2 text-sm text-ink-2">
      <Avatars people={others.map(find)} />
      {!live && <span className="rounded-full bg-warn-tint px-2 text-xs text-warn">{t.live.lost}</span>}
    </div>
  );
}
