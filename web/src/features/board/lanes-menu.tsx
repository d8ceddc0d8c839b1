import { Rows3 } from "lucide-react";

import { Button } from "~/ui/button";
import { Menu, MenuItem, MenuLine } from "~/ui/menu";

import { LANES, type LanesBy } from "./lanes";
import { w } from "./words";

/** Chooses what a board's lanes are made by. */
export function LanesMenu({ by, onChange }: { by: LanesBy | undefined; onChange: (by: LanesBy | undefined) => void }) {
  return (
    <Menu align="end" trigger={<Button className="text-sm"><Rows3 size={14} aria-hidden /><span className="max-sm:sr-only">{by ? w.by[by] : w.lanes}</span></Button>}>
      {LANES.map((name) => <MenuItem key={name} chosen={name === by} onSelect={() => onChange(name)}>{w.by[name]}</MenuItem>)}
      <MenuLine />
      <MenuItem chosen={by === undefined} onSelect={() => onChange(undefined)}>{w.noLanes}</MenuItem>
    </Menu>
  );
}
