// Changes of this page carry a trace of their own (W3C Trace Context), by which their news are known as an echo.

/** So many of the latest changes are remembered; an echo comes within a second. */
const REMEMBERED = 200;

const own = new Set<string>();

const hex = (bytes: number): string => [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The header of a change that begins now. */
export function traceparent(): string {
  const id = hex(16);
  own.add(id);
  const oldest = own.values().next();
  if (own.size > REMEMBERED && !oldest.done) own.delete(oldest.value);
  return `00-${id}-${hex(8)}-01`;
}

/** Whether the change was made by this page. */
export const isEcho = (traceId: string | undefined): boolean => traceId !== undefined && own.has(traceId);
