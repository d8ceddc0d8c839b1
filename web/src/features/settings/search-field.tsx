import { useState } from "react";

import { controlClass } from "~/ui/field";

/** A field that looks while one types; what stands in it is given on, the address follows. */
export function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [typed, setTyped] = useState(value);
  return (
    <input type="search" aria-label={label} placeholder={label} value={typed} className={`${controlClass} min-w-48 flex-1`}
      onChange={({ target: { value: text } }) => {
        setTyped(text);
        onChange(text.trim());
      }} />
  );
}
