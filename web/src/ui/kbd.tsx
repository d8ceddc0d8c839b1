/** A key of the keyboard. */
export function Kbd({ children }: { children: string }) {
  return (
    <kbd className="inline-flex min-w-5 items-center justify-center rounded-md border border-line bg-sunken px-1 font-sans text-xs text-ink-2">
      {children}
    </kbd>
  );
}
