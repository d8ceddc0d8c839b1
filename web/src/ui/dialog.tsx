import { X } from "lucide-react";
import clsx from "clsx";
import { useEffect, useRef, type ReactNode } from "react";

import { t } from "~/lib/i18n";

import { IconButton } from "./button";

type Props = {
  title: string;
  onClose: () => void;
  children: ReactNode;
  className?: string;
  /** Closed by its buttons alone: what it shows is not seen again. */
  firm?: boolean;
};

/** A dialog of the browser's own: it keeps the focus, gives it back, and closes by Escape or a click beside it. */
export function Dialog({ title, onClose, children, className, firm = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // A click on the ground beside the dialog has the dialog itself as its target; Escape does the same by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={ref}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        if (!firm) onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current && !firm) onClose();
      }}
      className={clsx(
        "m-auto w-[min(32rem,calc(100vw-1.5rem))] max-h-[calc(100dvh-2rem)] overflow-visible rounded-2xl border border-line bg-raised p-0 shadow-float rise",
        className,
      )}
    >
      <div className="max-h-[calc(100dvh-2rem)] overflow-y-auto p-5">
        <header className="mb-4 flex items-center justify-between gap-3">
          <h2 className="text-lg font-semibold">{title}</h2>
          <IconButton label={t.common.close} onClick={onClose}><X size={16} /></IconButton>
        </header>
        {children}
      </div>
    </dialog>
  );
}
