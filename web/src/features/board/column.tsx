import clsx from "clsx";
import { useRef, useState } from "react";

import { t } from "~/lib/i18n";

import { cardsOf, type Column } from "./arrangement";
import { Cards, useCardTarget, type Draw } from "./cards";
import { ColumnHead, QuickAdd } from "./column-head";
import { useMore } from "./more";

type Props = { column: Column; filtered: boolean; editable: boolean; manageable: boolean; draw: Draw };

export function ColumnView({ column, filtered, editable, manageable, draw }: Props) {
  const box = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [adding, setAdding] = useState(false);
  const over = useCardTarget(box, scroller, { column: column.id, lane: null }, editable);
  const more = useMore(column, filtered);
  const cards = cardsOf(column);
  return (
    <section ref={box} aria-label={column.name} data-column={column.id}
      className={clsx("flex max-h-full w-[min(17.5rem,86vw)] shrink-0 snap-center flex-col rounded-2xl bg-sunken transition-shadow", over && "ring-2 ring-accent")}>
      <ColumnHead column={column} filtered={filtered} editable={editable} manageable={manageable} onAdd={() => setAdding(true)} />
      <div ref={scroller} className="min-h-16 overflow-y-auto px-2 pb-2" onScroll={(event) => nearEnd(event.currentTarget) && more()}>
        <Cards cards={cards} lane={null} scroller={scroller} draw={draw} />
        {cards.length === 0 && !adding && <p className="px-2 py-5 text-center text-sm text-ink-2">{filtered ? t.board.noneMatch : t.board.empty}</p>}
      </div>
      {adding && <QuickAdd columnId={column.id} onClose={() => setAdding(false)} />}
    </section>
  );
}

const nearEnd = (box: HTMLElement): boolean => box.scrollHeight - box.scrollTop - box.clientHeight < 600;
