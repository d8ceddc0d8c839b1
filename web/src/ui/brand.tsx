/** The sign of the product: three columns of a board. */
export function Brand({ className = "size-7" }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={className}>
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M8 9h4v14H8zM14 9h4v9h-4zM20 9h4v5h-4z" fill="var(--on-accent)" />
    </svg>
  );
}
