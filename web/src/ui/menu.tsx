import { Check } from "lucide-react";
import clsx from "clsx";
import { DropdownMenu } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";

type Props = {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  /** Where the focus goes when the menu closes; the trigger unless this prevents it. */
  onCloseAutoFocus?: (event: Event) => void;
  defaultOpen?: boolean;
};

/** A menu at its trigger. Not modal: what makes it so writes style elements, which the policy of our pages forbids. */
export function Menu({ trigger, children, align = "start", onCloseAutoFocus, defaultOpen = false }: Props) {
  return (
    <DropdownMenu.Root modal={false} defaultOpen={defaultOpen}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <Content align={align} {...(onCloseAutoFocus && { onCloseAutoFocus })}>{children}</Content>
    </DropdownMenu.Root>
  );
}

function Content({ align, onCloseAutoFocus, children }: Required<Pick<Props, "align" | "children">> & Pick<Props, "onCloseAutoFocus">) {
  return (
    <DropdownMenu.Portal>
      <DropdownMenu.Content
        align={align}
        sideOffset={4}
        collisionPadding={8}
        {...(onCloseAutoFocus && { onCloseAutoFocus })}
        className="rise z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 overflow-y-auto rounded-xl border border-line bg-raised p-1 shadow-float"
      >
        {children}
      </DropdownMenu.Content>
    </DropdownMenu.Portal>
  );
}

/** A menu at a place of the page, opened by a key; the focus goes where `onClose` puts it. */
export function MenuAt({ place, label, onClose, children }: { place: DOMRect; label: string; onClose: () => void; children: ReactNode }) {
  const { left, top, width, height } = place;
  return (
    <DropdownMenu.Root modal={false} open onOpenChange={(open) => open || onClose()}>
      <DropdownMenu.Trigger asChild>
        <button type="button" tabIndex={-1} aria-label={label} className="pointer-events-none fixed opacity-0" style={{ left, top, width, height }} />
      </DropdownMenu.Trigger>
      <Content align="start" onCloseAutoFocus={(event) => event.preventDefault()}>{children}</Content>
    </DropdownMenu.Root>
  );
}

const itemClass =
  "flex items-center gap-2 rounded-lg px-2 py-1.5 outline-none select-none data-[highlighted]:bg-sunken data-[disabled]:opacity-50";

type ItemProps = Omit<ComponentProps<typeof DropdownMenu.Item>, "className"> & { danger?: boolean; chosen?: boolean };

export function MenuItem({ danger, chosen, children, ...rest }: ItemProps) {
  return (
    <DropdownMenu.Item className={clsx(itemClass, danger && "text-danger")} {...rest}>
      {children}
      {chosen && <Check size={14} className="ml-auto text-accent" aria-hidden />}
    </DropdownMenu.Item>
  );
}

/** An entry that is on or off and leaves the menu open. */
export function MenuCheck({ children, checked, onChange }: { children: ReactNode; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <DropdownMenu.CheckboxItem
      className={itemClass}
      checked={checked}
      onCheckedChange={onChange}
      onSelect={(event) => event.preventDefault()}
    >
      {children}
      <DropdownMenu.ItemIndicator className="ml-auto"><Check size={14} className="text-accent" aria-hidden /></DropdownMenu.ItemIndicator>
    </DropdownMenu.CheckboxItem>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 pt-1.5 pb-1 text-xs font-medium text-ink-2">{children}</DropdownMenu.Label>;
}

export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}
