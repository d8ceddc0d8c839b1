import { t } from "~/lib/i18n";
import { Dialog } from "~/ui/dialog";
import { Kbd } from "~/ui/kbd";

/** Every key; the words for them are in the catalogue, in the same order. */
const KEYS: readonly (readonly [string, keyof typeof t.keys])[] = [
  ["⌘K", "palette"], ["C", "create"], ["/", "search"], ["?", "help"],
  ["J K", "walk"], ["Enter", "open"], ["Space", "peek"], ["X", "select"], ["M", "move"],
  ["A", "assign"], ["P", "priority"], ["S", "status"], ["D", "due"], ["L", "label"], ["Q", "mine"], ["Alt ←→↑↓", "shift"], ["Esc", "close"],
  ["G H", "home"], ["G P", "projects"], ["G B", "board"], ["G L", "list"], ["G T", "table"], ["G C", "calendar"],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t.shell.shortcuts} onClose={onClose}>
      <dl className="grid gap-x-8 gap-y-2 sm:grid-cols-2">
        {KEYS.map(([keys, what]) => (
          <div key={what} className="flex items-center justify-between gap-3">
            <dt>{t.keys[what]}</dt>
            <dd className="flex gap-1">{keys.split(" ").map((key) => <Kbd key={key}>{key}</Kbd>)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
